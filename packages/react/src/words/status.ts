/** Statuses in words, each with the icon and the colour it is shown in: none of the three has to be enough. */

import type { ErrorEntry, Item, Phase, RunStatus, Snapshot } from "@headway-run/client";

export type Tone = "idle" | "busy" | "good" | "warn" | "bad";
export type IconName = "circle" | "clock" | "busy" | "check" | "alert" | "cross" | "stop";

export interface Sign {
  word: string;
  icon: IconName;
  tone: Tone;
}

const ENDED: readonly (RunStatus | null | undefined)[] = ["succeeded", "partial", "failed", "cancelled"];

export function hasEnded(status: RunStatus | null | undefined): boolean {
  return ENDED.includes(status);
}

const RUN: Record<RunStatus, Sign> = {
  queued: { word: "Queued", icon: "clock", tone: "idle" },
  running: { word: "Running", icon: "busy", tone: "busy" },
  waiting: { word: "Waiting for you", icon: "clock", tone: "warn" },
  succeeded: { word: "Done", icon: "check", tone: "good" },
  partial: { word: "Partly done", icon: "alert", tone: "warn" },
  failed: { word: "Failed", icon: "cross", tone: "bad" },
  cancelled: { word: "Cancelled", icon: "stop", tone: "idle" },
};

/**
 * How a run stands.
 *
 * @param stopping Somebody asked for it to be stopped.
 * @param words Of your own, where yours are better.
 */
export function runSign(
  status: RunStatus | null,
  stopping = false,
  words: Readonly<Partial<Record<RunStatus, string>>> = {},
): Sign {
  if (status === null) return { word: "Loading", icon: "clock", tone: "idle" };
  if (stopping && !hasEnded(status)) return { word: "Stopping", icon: "stop", tone: "warn" };
  return { ...RUN[status], word: words[status] ?? RUN[status].word };
}

/**
 * How a phase stands. It may be done although some of its items failed; one that was under way when the run ended was not
 * done.
 */
export function phaseSign(phase: Phase, run: Snapshot): Sign {
  const items = itemsOf(run, phase);
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

/** The items that belong to a phase. */
export function itemsOf({ items }: Snapshot, { id }: Phase): Item[] {
  return Object.values(items).filter((item) => item.phase === id);
}

/** `stopped`: the run ended before it was done. */
export type ItemState = "planned" | "running" | "retrying" | "finished" | "failed" | "stopped";

const ITEM: Record<ItemState, Sign> = {
  planned: { word: "Waiting", icon: "circle", tone: "idle" },
  running: { word: "Running", icon: "busy", tone: "busy" },
  retrying: { word: "Trying again", icon: "alert", tone: "warn" },
  finished: { word: "Done", icon: "check", tone: "good" },
  failed: { word: "Failed", icon: "cross", tone: "bad" },
  stopped: { word: "Not done", icon: "stop", tone: "idle" },
};

/**
 * How an item stands. One that was begun or waited when the run ended is not being worked on any more.
 *
 * @param setback What went wrong with it, as from `setbackOf`: it is being tried again.
 */
export function itemState(item: Item, status: RunStatus | null, setback: ErrorEntry | null = null): ItemState {
  if (item.status === "finished" || item.status === "failed") return item.status;
  if (hasEnded(status)) return "stopped";
  if (item.status === "planned") return "planned";
  return setback ? "retrying" : "running";
}

export function itemSign(state: ItemState): Sign {
  return ITEM[state];
}

/** What went wrong last with an item in the present attempt, or null. One that is still running is being tried again. */
export function setbackOf({ errors, executions }: Snapshot, key: string): ErrorEntry | null {
  const since = executions.at(-1)?.queued_at ?? "";
  return errors.findLast(({ item, time }) => item === key && time >= since) ?? null;
}

const SEVERITY: Record<ErrorEntry["severity"], Sign> = {
  info: { word: "Notice", icon: "circle", tone: "idle" },
  warning: { word: "Warning", icon: "alert", tone: "warn" },
  error: { word: "Error", icon: "cross", tone: "bad" },
  critical: { word: "Critical", icon: "cross", tone: "bad" },
};

export function severitySign(severity: ErrorEntry["severity"]): Sign {
  return SEVERITY[severity];
}

/** What happened, without the key of the step it happened to, which stands before it for those who read the log. */
export function reasonIn(message: string): string {
  return message.replace(/^\S+\/\S+: /, "");
}

/** How many items failed, of how many; those below another count with it. */
export function failedItems(run: Snapshot): [failed: number, all: number] {
  const items = Object.values(run.items).filter(({ parent }) => parent === null);
  return [items.filter(({ status }) => status === "failed").length, items.length];
}
