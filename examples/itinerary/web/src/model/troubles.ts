/** What went wrong on the way, by severity: most of it was tried again and is no matter any more. */

import type { ErrorEntry, Snapshot } from "@headway-run/client";
import type { Sign } from "./status.ts";

const SIGNS: Record<ErrorEntry["severity"], Sign> = {
  info: { word: "Notice", icon: "circle", tone: "idle" },
  warning: { word: "Warning", icon: "alert", tone: "warn" },
  error: { word: "Error", icon: "cross", tone: "bad" },
  critical: { word: "Critical", icon: "cross", tone: "bad" },
};

export function troubleSign(severity: ErrorEntry["severity"]): Sign {
  return SIGNS[severity];
}

/** What went wrong last with an item in the present attempt, or null: a day that meets it is tried again. */
export function setbackOf({ errors, executions }: Snapshot, key: string): ErrorEntry | null {
  const since = executions.at(-1)?.queued_at ?? "";
  return errors.findLast(({ item, time }) => item === key && time >= since) ?? null;
}

/** What happened, without the key of the step it happened to, which stands before it for those who read the log. */
export function reasonIn(message: string): string {
  return message.replace(/^\S+\/\S+: /, "");
}

/** The newest first. */
export function troublesOf({ errors }: Snapshot): ErrorEntry[] {
  return errors.toReversed();
}
