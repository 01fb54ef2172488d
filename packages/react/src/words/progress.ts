/** How far a run is, as it is shown and read out. Nothing here is guessed: what is not known is said to be unknown. */

import type { Execution, Item, Live, Phase, Snapshot } from "@headway-run/client";
import { hasEnded, itemsOf } from "./status.ts";
import { count, roughly } from "./time.ts";

/** What a phase is called: titles of your own by its id, else its own. */
export type PhaseTitles = Readonly<Record<string, string>>;

export function phaseTitle({ id, title }: Phase, titles: PhaseTitles = {}): string {
  return titles[id] ?? title;
}

/** The phase at work; between two of them the one to come. */
export function currentPhase({ phases, status }: Snapshot): Phase | null {
  if (hasEnded(status)) return null;
  return (
    phases.find((phase) => phase.status === "running") ?? phases.find((phase) => phase.status === "planned") ?? null
  );
}

/** How far a phase is, by what it counts: its own steps, or its items. */
export function phaseDetail(run: Snapshot, phase: Phase): string {
  const items = itemsOf(run, phase);
  if (items.length > 0) return `${finishedOf(items)} of ${count(items.length, items[0]?.kind || "item")}`;
  // A phase whose work was kept from an earlier attempt is finished without having counted.
  if (phase.total === null || (phase.status === "finished" && phase.done < phase.total)) return "";
  return `${phase.done} of ${phase.total} ${phase.unit ?? ""}`.trim();
}

function finishedOf(items: readonly Item[]): number {
  return items.filter(({ status }) => status === "finished").length;
}

/** What is being done just now, in words: of the items at work, the one that began first. */
export function activityText(run: Snapshot): string {
  if (hasEnded(run.status)) return "";
  const busy = Object.values(run.items).filter(({ status }) => status === "running");
  const item = busy.find(({ parent }) => parent === null) ?? busy[0];
  if (!item) return currentPhase(run)?.message ?? "";
  return item.progress?.message ? `${item.title}: ${item.progress.message}` : item.title;
}

/** Whole percent, never rounded up to what is not reached; null: not known. */
export function wholePercent({ progress }: Snapshot): number | null {
  return progress.percent === null ? null : Math.floor(progress.percent);
}

/** What stands beside the bar, and what it says to those who cannot see it: `Step 2 of 4: Plan, 3 of 9 days`. */
export function progressText(run: Snapshot, titles?: PhaseTitles): string {
  const phase = currentPhase(run);
  if (!phase) return "";
  const step = `Step ${run.phases.indexOf(phase) + 1} of ${run.phases.length}: ${phaseTitle(phase, titles)}`;
  const detail = phaseDetail(run, phase);
  return detail ? `${step}, ${detail}` : step;
}

/** How many runs a worker takes before this one, or null when it does not wait for a worker. */
export function queueText(run: Snapshot, live: Live | null, noun = "run"): string | null {
  if (run.status !== "queued") return null;
  const place = live?.queue_position ?? null;
  if (place === null) return "Waiting for a worker";
  return place === 1 ? "Next in the queue" : `${count(place - 1, noun)} before this one`;
}

/** Milliseconds somebody waited for this run, without the time between its end and its being tried again. */
export function elapsedMs(run: Snapshot, now: number): number {
  const spent = ({ queued_at, finished_at }: Execution) =>
    Math.max(0, (finished_at ? Date.parse(finished_at) : now) - Date.parse(queued_at));
  return run.executions.reduce((sum, execution) => sum + spent(execution), 0);
}

/** When it will be done, in words; before that can be told, how long such runs usually take. */
export function etaText(run: Snapshot, now: number): string {
  if (run.status !== "running") return "";
  const { eta } = run.progress;
  if (eta !== null) {
    const left = Date.parse(eta) - now;
    return left > 0 ? `${roughly(left)} left` : "longer than expected";
  }
  const usual = run.executions.at(-1)?.expected_s ?? null;
  return usual === null ? "" : `usually takes ${roughly(usual * 1000)}`;
}

/** Title of the browser's tab: `(42 %) Kyoto – Itinerary`. */
export function tabTitle(run: Snapshot, application: string): string {
  const percent = wholePercent(run);
  const sofar = hasEnded(run.status) || percent === null ? "" : `(${percent} %) `;
  return `${sofar}${run.title || run.job || "Run"} – ${application}`;
}
