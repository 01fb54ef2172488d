import type { RunStatus } from "@headway-run/client";
import { type Sign, runSign as sign } from "@headway-run/react/words";

export const STATUSES = ["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled"] as const;

/** The API's own words: whoever looks here knows them from the log and the command line. */
const WORDS = {
  waiting: "Waiting",
  succeeded: "Succeeded",
  partial: "Partial",
} as const;

/** @param stopping Somebody asked for it to be stopped. */
export function runSign(status: RunStatus | null, stopping = false): Sign {
  return sign(status, stopping, WORDS);
}
