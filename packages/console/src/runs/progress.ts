import type { RunSummary } from "@headway-run/client";
import { hasEnded } from "../model/status.ts";

export interface Shown {
  /** 0 to 100, or null when nobody knows. */
  percent: number | null;
  text: string;
}

/** How far a run is, as far as the list knows. */
export function progressOf(run: RunSummary): Shown {
  const whole = run.percent === null ? null : Math.floor(run.percent);
  if (run.status === "succeeded") return { percent: 100, text: run.message ?? "Done" };
  if (run.items_failed && hasEnded(run.status)) {
    return { percent: whole, text: `${run.items_failed} of ${run.items_total ?? run.items_failed} failed` };
  }
  if (run.status === "queued") return { percent: whole ?? 0, text: "In the queue" };
  const parts = [whole === null ? null : `${whole} %`, run.message ?? (hasEnded(run.status) ? null : run.phase)];
  return { percent: whole, text: parts.filter(Boolean).join(", ") };
}
