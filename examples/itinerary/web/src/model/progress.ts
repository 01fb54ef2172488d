/** How far a run is, as it is shown and read out. Nothing here is guessed: what is not known is said to be unknown. */

import type { Execution, Item, Live, Phase, Snapshot } from "@headway-run/client";
import { hasEnded } from "./status.ts";
import { count, roughly } from "./words.ts";

const TITLES: Record<string, string> = {
  gather: "Look around",
  plan: "Plan the days",
  enhance: "Look up places",
  write: "Write it up",
};

export function phaseTitle({ id, title }: Phase): string {
  return TITLES[id] ?? title;
}

/** The phase at work; between two of them the one to come. */
export function currentPhase({ phases }: Snapshot): Phase | null {
  return phases.find(({ status }) => status === "running") ?? phases.find(({ status }) => status === "planned") ?? null;
}

/** How far a phase is, by what it counts: its own steps, or its items. */
export function phaseDetail(run: Snapshot, phase: Phase): string {
  const items = Object.values(run.items).filter((item) => item.phase === phase.id);
  if (items.length > 0) return `${finishedOf(items)} of ${count(items.length, items[0]?.kind ?? "item")}`;
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
  const item = busy.find(({ kind }) => kind === "day") ?? busy[0];
  if (!item) return currentPhase(run)?.message ?? "";
  return item.progress?.message ? `${item.title}: ${item.progress.message}` : item.title;
}

/** Whole percent, never rounded up to what is not reached; null: not known. */
export function wholePercent({ progress }: Snapshot): number | null {
  return progress.percent === null ? null : Math.floor(progress.percent);
}

/** What stands under the bar, and what it says to those who cannot see it. */
export function progressText(run: Snapshot): string {
  const phase = currentPhase(run);
  if (hasEnded(run.status) || !phase) return "";
  const step = `Step ${run.phases.indexOf(phase) + 1} of ${run.phases.length}: ${phaseTitle(phase)}`;
  const detail = phaseDetail(run, phase);
  return detail ? `${step}, ${detail}` : step;
}

/** How many trips a worker takes before this one, or null when it does not wait for a worker. */
export function queueText(run: Snapshot, live: Live | null): string | null {
  if (run.status !== "queued") return null;
  const place = live?.queue_position ?? null;
  if (place === null) return "Waiting for a worker";
  return place === 1 ? "Next in the queue" : `${count(place - 1, "trip")} before this one`;
}

/** Milliseconds somebody waited for this run, without the time between its end and its being tried again. */
export function elapsedMs(run: Snapshot, now: number): number {
  const spent = ({ queued_at, finished_at }: Execution) =>
    Math.max(0, (finished_at ? Date.parse(finished_at) : now) - Date.parse(queued_at));
  return run.executions.reduce((sum, execution) => sum + spent(execution), 0);
}

/** When it will be done, in words; before that can be told, how long such trips usually take. */
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

/** Title of the browser's tab. */
export function tabTitle(run: Snapshot): string {
  const percent = wholePercent(run);
  const sofar = hasEnded(run.status) || percent === null ? "" : `(${percent} %) `;
  return `${sofar}${run.title ?? "Trip"} – Itinerary`;
}
