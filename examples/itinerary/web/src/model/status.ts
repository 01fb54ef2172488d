/** Statuses in words, each with the icon and the colour it is shown in. */

import type { Item, Phase, RunStatus, Snapshot } from "@headway-run/client";
import { count } from "./words.ts";

const ENDED: readonly (RunStatus | null)[] = ["succeeded", "partial", "failed", "cancelled"];

export function hasEnded(status: RunStatus | null): boolean {
  return ENDED.includes(status);
}

export type Tone = "idle" | "busy" | "good" | "warn" | "bad";
export type IconName = "circle" | "clock" | "busy" | "check" | "alert" | "cross" | "stop";

export interface Sign {
  word: string;
  icon: IconName;
  tone: Tone;
}

const RUN: Record<RunStatus, Sign> = {
  queued: { word: "Queued", icon: "clock", tone: "idle" },
  running: { word: "Planning", icon: "busy", tone: "busy" },
  waiting: { word: "Waiting for you", icon: "clock", tone: "warn" },
  succeeded: { word: "Planned", icon: "check", tone: "good" },
  partial: { word: "Partly planned", icon: "alert", tone: "warn" },
  failed: { word: "Failed", icon: "cross", tone: "bad" },
  cancelled: { word: "Cancelled", icon: "stop", tone: "idle" },
};

/** @param stopping Somebody asked for it to be stopped. */
export function runSign(status: RunStatus | null, stopping: boolean): Sign {
  if (status === null) return { word: "Loading", icon: "clock", tone: "idle" };
  return stopping && !hasEnded(status) ? { word: "Stopping", icon: "stop", tone: "warn" } : RUN[status];
}

export type DayState = "waiting" | "planning" | "planned" | "enhancing" | "enhanced" | "failed" | "stopped";

const DAY: Record<DayState, Sign> = {
  waiting: { word: "Waiting", icon: "circle", tone: "idle" },
  planning: { word: "Planning", icon: "busy", tone: "busy" },
  planned: { word: "Planned", icon: "check", tone: "good" },
  enhancing: { word: "Adding details", icon: "busy", tone: "good" },
  enhanced: { word: "Ready", icon: "check", tone: "good" },
  failed: { word: "Failed", icon: "cross", tone: "bad" },
  stopped: { word: "Not planned", icon: "stop", tone: "idle" },
};

/** A day that was begun or waited when the run ended is not being planned any more. */
export function dayState(item: Item, places: readonly { item: Item }[], status: RunStatus | null): DayState {
  if (item.status === "finished") return detailState(places, status);
  if (item.status === "failed") return "failed";
  if (hasEnded(status)) return "stopped";
  return item.status === "running" ? "planning" : "waiting";
}

/** A planned day is ready once all its places were looked up. */
function detailState(places: readonly { item: Item }[], status: RunStatus | null): DayState {
  const at = (wanted: Item["status"]) => places.filter(({ item }) => item.status === wanted).length;
  if (places.length > 0 && at("finished") === places.length) return "enhanced";
  return !hasEnded(status) && at("running") > 0 ? "enhancing" : "planned";
}

export function daySign(state: DayState): Sign {
  return DAY[state];
}

/** A phase may be done although some of its items failed; one that was under way when the run ended was not done. */
export function phaseSign(phase: Phase, run: Snapshot): Sign {
  const items = Object.values(run.items).filter((item) => item.phase === phase.id);
  const failed = items.filter(({ status }) => status === "failed").length;
  if (phase.status === "failed" || (failed > 0 && failed === items.length)) {
    return { word: "failed", icon: "cross", tone: "bad" };
  }
  if (phase.status === "finished" && failed > 0) return { word: "partly done", icon: "alert", tone: "warn" };
  if (phase.status === "finished") return { word: "done", icon: "check", tone: "good" };
  if (hasEnded(run.status)) return { word: "not done", icon: "stop", tone: "idle" };
  if (phase.status === "running") return { word: "under way", icon: "busy", tone: "busy" };
  return { word: "to come", icon: "circle", tone: "idle" };
}

export function daysOf(run: Snapshot): [key: string, item: Item][] {
  return Object.entries(run.items)
    .filter(([, item]) => item.kind === "day")
    .sort(([, one], [, other]) => one.seq - other.seq);
}

/** How many days are planned, of how many. */
export function plannedDays(run: Snapshot): [planned: number, all: number] {
  const days = daysOf(run);
  return [days.filter(([, item]) => item.status === "finished").length, days.length];
}

function failedOf({ items }: Snapshot): Item[] {
  return Object.values(items).filter(({ status }) => status === "failed");
}

/** What the button says that has an ended trip tried again; null when there is nothing to try. */
export function retryLabel(run: Snapshot): string | null {
  if (run.status === "cancelled") return "Go on planning";
  if (run.status === "failed") return "Try again";
  if (run.status !== "partial") return null;
  const failed = failedOf(run);
  const days = failed.filter(({ kind }) => kind === "day").length;
  const [amount, noun] = days > 0 ? [days, "day"] : [failed.length, "place"];
  return `Try ${amount === 1 ? `the failed ${noun}` : count(amount, `failed ${noun}`)} again`;
}
