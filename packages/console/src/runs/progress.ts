import type { RunSummary } from "@headway-run/client";
import { hasEnded } from "@headway-run/react/words";

export interface Shown {
  /** 0 to 100, or null when nobody knows. */
  percent: number | null;
  text: string;
}

/** How far a run is, as far as the list knows. */
export function progressOf(run: RunSummary): Shown {
  const percent = run.percent === null ? null : Math.floor(run.percent);
  if (run.status === "succeeded") return { percent: 100, text: "" };
  if (run.status === "queued") return { percent: percent ?? 0, text: "In the queue" };
  if (run.items_failed) {
    return { percent, text: `${run.items_failed} of ${run.items_total ?? run.items_failed} items failed` };
  }
  const activity = hasEnded(run.status) ? null : (run.message ?? run.phase);
  return { percent, text: [percent === null ? null : `${percent} %`, activity].filter(Boolean).join(", ") };
}
