/** One message format for all there is to tell, and the check of every message that goes in or out. */

import type { EventType, RunEvent, RunStatus, Snapshot } from "../contract.gen.ts";
import { HeadwayError } from "../errors.ts";
import { isEnded } from "../transitions.ts";

/** What one can learn while one waits: a note of kind `educational`. */
export interface EducationalContent {
  /** 1 for the first that is known. */
  readonly number: number;
  readonly title: string;
  readonly content: string;
}

/** How a run stands, in one flat object. */
export interface MessageData {
  /** Which phase it is in, from 1 on, and how many there are; null: it has none. */
  readonly step: number | null;
  readonly total_steps: number;
  /** Percent, or null while it is too early to tell. */
  readonly progress: number | null;
  readonly message: string;
  /** The newest. */
  readonly educational_content?: EducationalContent;
  /** Why it failed, or why it cannot be shown any more; only of an `error`. */
  readonly error?: string;
  /** What it made; only of a `complete`. */
  readonly result?: unknown;
  /** When it was told. */
  readonly timestamp: string;
  readonly run_id: string;
  readonly status: RunStatus | null;
}

export interface Message {
  readonly event: "progress" | "complete" | "error" | "educational";
  readonly data: MessageData;
}

/** A command to a run, or to your own application. */
export type Outgoing =
  | { event: "cancel"; data?: { reason?: string } }
  | { event: "retry"; data?: { items?: readonly string[] } }
  | { event: "answer"; data: { ask_id: string; data: unknown } }
  | { event: "command"; data: { url: string; body?: object; id?: string; label?: string } };

/** Return how a run stands. */
export function dataOf(run: Snapshot, now: number): MessageData {
  const lessons = lessonsOf(run);
  const last = lessons.at(-1);
  return {
    step: stepOf(run),
    total_steps: run.phases.length,
    progress: run.status === "succeeded" ? 100 : run.progress.percent,
    message: run.progress.message ?? run.title ?? "",
    ...(last && { educational_content: { number: lessons.length, title: last.title ?? "", content: last.body } }),
    ...(isEnded(run.status) && (isGood(run) ? { result: run.result } : { error: whyFailed(run) })),
    timestamp: new Date(now).toISOString(),
    run_id: run.run_id,
    status: run.status,
  };
}

export function lessonsOf(run: Snapshot): Snapshot["notes"] {
  return run.notes.filter(({ kind }) => kind === "educational");
}

/** Whether an ended run made something. */
export function isGood({ status }: Snapshot): boolean {
  return status === "succeeded" || status === "partial";
}

/** Whether it has ended since it was looked at last; also when it was tried again in between, unseen. */
export function isNewEnd(run: Snapshot, before: Snapshot | null | undefined): boolean {
  return isEnded(run.status) && !(isEnded(before?.status) && before?.attempt === run.attempt);
}

export function whyFailed({ error, status }: Snapshot): string {
  return error?.message ?? (status === "cancelled" ? "It was cancelled." : "It failed.");
}

function stepOf({ phases, status }: Snapshot): number | null {
  if (phases.length === 0) return null;
  if (status === "succeeded") return phases.length;
  const running = phases.findIndex((phase) => phase.status === "running");
  const begun = phases.findLastIndex((phase) => phase.status !== "planned");
  return Math.max(running >= 0 ? running : begun, 0) + 1;
}

/** Whether something that came is an event, whatever its type. */
export function isEvent(value: unknown): value is RunEvent {
  const { run_id, seq, type, data } = Object(value) as Record<string, unknown>;
  const isPlace = typeof run_id === "string" && Number.isSafeInteger(seq) && (seq as number) > 0;
  return isPlace && typeof (type as EventType) === "string" && typeof data === "object" && data !== null;
}

/**
 * Return a message that can be sent.
 *
 * @throws HeadwayError `invalid`, with what is wrong and how to mend it.
 */
export function checkedOutgoing(value: unknown): Outgoing {
  const { event, data = {} } = Object(value) as { event?: unknown; data?: unknown };
  const fields = Object(data) as Record<string, unknown>;
  const wrong = (message: string) => new HeadwayError("invalid", message);
  const needed = { cancel: null, retry: null, answer: "ask_id", command: "url" }[`${event}`];
  if (needed === undefined)
    throw wrong(`There is no message "${event}"; send "cancel", "retry", "answer" or "command".`);
  if (typeof data !== "object" || data === null) throw wrong(`data of "${event}" has to be an object.`);
  if (needed && typeof fields[needed] !== "string") throw wrong(`data of "${event}" needs ${needed}, a string.`);
  const { items } = fields;
  if (items !== undefined && !(Array.isArray(items) && items.every((item) => typeof item === "string")))
    throw wrong(`data.items of "${event}" has to be a list of strings.`);
  return { event, data } as Outgoing;
}
