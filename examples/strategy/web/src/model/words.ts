/** What is said of a strategy, in words for people. */

import type { Live, RunStatus, Snapshot } from "@headway-run/client";
import { activityText, hasEnded, progressText, queueText, wholePercent } from "@headway-run/react/words";

export const STATUSES: Readonly<Partial<Record<RunStatus, string>>> = {
  running: "Being written",
  succeeded: "Ready",
  partial: "Ready, in part",
};

export const PHASES: Readonly<Record<string, string>> = {
  read: "Read",
  keywords: "Keywords",
  topics: "Topics",
  gaps: "Gaps",
  calendar: "Calendar",
  write: "Write",
};

/** What stands below the bar. */
export function doingText(run: Snapshot, live: Live | null): string {
  if (hasEnded(run.status)) return endText(run);
  if (run.status === "queued") return queueText(run, live, "strategy") ?? "Waiting for a worker";
  const percent = wholePercent(run);
  const parts = [percent === null ? "" : `${percent} %`, progressText(run, PHASES), activityText(run)];
  return parts.filter(Boolean).join(" · ");
}

/** How it ended. */
export function endText({ status, items }: Snapshot): string {
  switch (status) {
    case "succeeded":
      return "The strategy is ready.";
    case "partial": {
      const missing = Object.values(items).filter((item) => item.status === "failed");
      return `The strategy is ready; missing in it: ${missing.map(({ title }) => title).join(", ")}.`;
    }
    case "cancelled":
      return "The strategy was cancelled. What was found out until then is below.";
    default:
      return "The strategy was not made.";
  }
}
