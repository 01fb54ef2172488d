/**
 * Life of a run, its phases, items and outputs, as one table: which event is legal in which status, where it leads.
 *
 * The twin of the tables in `headway/core/run.py`. An event that may not happen is ignored by the fold.
 */

import type { RunStatus } from "./contract.gen.ts";

/** Stands for "does not exist yet". */
const NONE = "none";

const ACTIVE = ["queued", "running", "waiting"];
const BEGUN = [NONE, "planned", "running"];
const ANY = [...BEGUN, "finished", "failed"];

/** From which statuses to which; null: it stays as it is, and what does not exist yet is planned. */
type Move = readonly [from: readonly string[], to: string | null];

const MOVES: ReadonlyMap<string, Move> = new Map<string, Move>([
  ["run.queued", [[NONE, ...ACTIVE], "queued"]],
  ["run.started", [["queued"], "running"]],
  ["run.waiting", [["running"], "waiting"]],
  ["run.resumed", [["waiting"], "running"]],
  ["run.cancel_requested", [ACTIVE, null]],
  ["run.succeeded", [["running"], "succeeded"]],
  ["run.partial", [["running"], "partial"]],
  ["run.failed", [ACTIVE, "failed"]],
  ["run.cancelled", [ACTIVE, "cancelled"]],
  ["run.reopened", [["partial", "failed", "cancelled"], "queued"]],

  ["phase.started", [ANY, "running"]],
  ["phase.progressed", [BEGUN, "running"]],
  ["phase.finished", [BEGUN, "finished"]],
  ["phase.failed", [BEGUN, "failed"]],

  ["item.planned", [[NONE], "planned"]],
  ["item.started", [ANY, "running"]],
  ["item.progressed", [BEGUN, "running"]],
  ["item.updated", [ANY, null]],
  ["item.finished", [BEGUN, "finished"]],
  ["item.failed", [BEGUN, "failed"]],

  ["output.started", [[NONE, "open", "finished"], "open"]],
  ["output.appended", [[NONE, "open"], "open"]],
  ["output.finished", [[NONE, "open"], "finished"]],
]);

/** Return what a status becomes by an event; undefined: the event may not happen in it. */
export function follow(type: string, status: string | null | undefined): string | undefined {
  const [from, to] = MOVES.get(type) ?? [[], null];
  const now = status ?? NONE;
  return from.includes(now) ? (to ?? (now === NONE ? "planned" : now)) : undefined;
}

/** Tell whether the table knows an event type. */
export function moves(type: string): boolean {
  return MOVES.has(type);
}

/** Tell whether a run of this status is over, though perhaps not for ever. */
export function isEnded(status: RunStatus | null): boolean {
  return status !== null && !ACTIVE.includes(status);
}
