import type { RunSummary } from "@headway-run/client";
import { hasEnded } from "@headway-run/react/words";
import { many } from "../model/words.ts";

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
  const { items_failed: failed, items_total: total } = run;
  if (failed && hasEnded(run.status)) return { percent, text: `${failed} of ${many(total ?? failed, "item")} failed` };
  const activity = hasEnded(run.status) ? null : (run.message ?? run.phase);
  const sofar = [percent === null ? null : `${percent} %`, activity, failed ? `${failed} failed` : null];
  return { percent, text: sofar.filter(Boolean).join(", ") };
}
