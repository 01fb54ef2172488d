/** Statuses in words, each with the icon and the colour it is shown in. */

import type { Item, Phase, RunStatus } from "@headway-run/client";
import type { IconName } from "../parts/Icon.tsx";

export type Tone = "idle" | "busy" | "good" | "warn" | "bad";

export interface Sign {
  word: string;
  icon: IconName;
  tone: Tone;
}

export const STATUSES = ["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled"] as const;

const RUN: Record<RunStatus, Sign> = {
  queued: { word: "Queued", icon: "clock", tone: "idle" },
  running: { word: "Running", icon: "busy", tone: "busy" },
  waiting: { word: "Waiting", icon: "question", tone: "warn" },
  succeeded: { word: "Succeeded", icon: "check", tone: "good" },
  partial: { word: "Partial", icon: "alert", tone: "warn" },
  failed: { word: "Failed", icon: "cross", tone: "bad" },
  cancelled: { word: "Cancelled", icon: "stop", tone: "idle" },
};

const PART: Record<Item["status"] | Phase["status"], Sign> = {
  planned: { word: "To come", icon: "circle", tone: "idle" },
  running: { word: "Running", icon: "busy", tone: "busy" },
  finished: { word: "Done", icon: "check", tone: "good" },
  failed: { word: "Failed", icon: "cross", tone: "bad" },
};

export function hasEnded(status: RunStatus): boolean {
  return status === "succeeded" || status === "partial" || status === "failed" || status === "cancelled";
}

/** @param stopping Somebody asked for it to be stopped. */
export function runSign(status: RunStatus, stopping = false): Sign {
  return stopping && !hasEnded(status) ? { word: "Stopping", icon: "stop", tone: "warn" } : RUN[status];
}

/** Of a phase or an item. What was under way or to come when the run ended was not done. */
export function partSign(status: Item["status"] | Phase["status"], ended: boolean): Sign {
  if (ended && (status === "planned" || status === "running")) return { word: "Not done", icon: "stop", tone: "idle" };
  return PART[status];
}
