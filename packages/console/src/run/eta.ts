import type { Snapshot } from "@headway-run/client";
import { elapsedMs, etaText } from "@headway-run/react/words";

/** Before so much is done nobody can tell how long the rest takes. */
const PERCENT_MIN = 10;
const ELAPSED_MS_MIN = 15_000;

/** When it will be done, in words; nothing where that would be a guess. */
export function etaOf(run: Snapshot, now: number): string {
  if (run.progress.eta === null) return etaText(run, now);
  const early = (run.progress.percent ?? 0) < PERCENT_MIN || elapsedMs(run, now) < ELAPSED_MS_MIN;
  return early ? "" : etaText(run, now);
}
