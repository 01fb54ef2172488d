/** How far a run is, as it is shown and read out. Nothing here is guessed: what is not known is said to be unknown. */

import type { Execution, Phase, Snapshot } from "@headway-run/client";
import { daysOf, hasEnded, plannedDays } from "./status.ts";
import { roughly } from "./words.ts";

const TITLES: Record<string, string> = { gather: "Look around", plan: "Plan the days", write: "Write it up" };

export function phaseTitle({ id, title }: Phase): string {
  return TITLES[id] ?? title;
}

/** The phase at work; between two of them the one to come. */
export function currentPhase({ phases }: Snapshot): Phase | null {
  return phases.find(({ status }) => status === "running") ?? phases.find(({ status }) => status === "planned") ?? null;
}

/** How far a phase is, by what it counts: its own steps, or its items. */
export function phaseDetail(run: Snapshot, phase: Phase): string {
  if (daysOf(run).some(([, item]) => item.phase === phase.id)) return `${plannedDays(run)} days`;
  // A phase whose work was kept from an earlier attempt is finished without having counted.
  if (phase.total === null || (phase.status === "finished" && phase.done < phase.total)) return "";
  return `${phase.done} of ${phase.total} ${phase.unit ?? ""}`.trim();
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
