/**
 * Honest progress: what may be said about how far a run is, and when it may end.
 *
 * The twin of `headway/core/progress.py`: the same floating-point operations in the same order, nothing rounded.
 */

import { formatMs, MS_MAX, parseMs } from "./clock.ts";
import type { Execution, Phase } from "./contract.gen.ts";

const ETA_AFTER_PERCENT = 10;
const ETA_AFTER_MS = 15_000;
/** Whoever would take longer, ten years, is not told when. */
const LEFT_MAX_MS = 10 * 365 * 86_400_000;
/** The most a run shows that has done everything, but has not ended. */
const UNFINISHED_MAX = 99;

/** How many items of a phase there are and how many have ended. */
export interface Tally {
  ended: number;
  total: number;
}

/** Return the done part of one phase, 0 to 1, or null when unknown. */
function fraction({ status, done, total }: Phase, tally: Tally | undefined): number | null {
  // Before the phase's own status: in a reopened run a phase may have finished whose items wait to be tried again.
  // An item that failed needs no more work in this attempt, so it counts like one that finished.
  if (tally && tally.total > 0) return tally.ended / tally.total;
  if (status === "finished") return 1;
  if (total !== null) return total > 0 ? Math.min(done / total, 1) : 1;
  return status === "planned" ? 0 : null;
}

/** Return the weighted percent of a run that has not ended, or null when unknown. */
export function percent(phases: readonly Phase[], tallies: ReadonlyMap<string, Tally>): number | null {
  let done = 0;
  let whole = 0;
  for (const phase of phases) {
    const part = fraction(phase, tallies.get(phase.id));
    if (phase.weight === null || part === null) return null;
    done += phase.weight * part;
    whole += phase.weight;
  }
  return whole > 0 ? Math.min((done / whole) * 100, UNFINISHED_MAX) : null;
}

/**
 * Return when the run may end, or null while it is too early to tell.
 *
 * @param time Of the event that moved the progress.
 * @param execution Its usual duration has its say, too, less and less as the run gets further.
 * @param reached Percent now.
 */
export function eta(time: string, execution: Execution, reached: number): string | null {
  const now = parseMs(time);
  const elapsed = now - parseMs(execution.started_at); // NaN when one of them is no time
  const gained = reached - (execution.from_percent ?? 0); // a retried run does not start from 0
  if (!(reached >= ETA_AFTER_PERCENT && elapsed >= ETA_AFTER_MS && gained > 0)) return null;
  let left = (elapsed * (100 - reached)) / gained;
  if (execution.expected_s !== null) {
    const share = reached / 100;
    left = share * left + (1 - share) * ((execution.expected_s * 1000 * (100 - reached)) / 100);
  }
  return left > LEFT_MAX_MS || now + left > MS_MAX ? null : formatMs(now + Math.floor(left));
}
