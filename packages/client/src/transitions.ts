/**
 * Life of a run, its phases, items and outputs, as one table: which event is legal in which status, where it leads.
 *
 * The twin of the tables in `headway/core/run.py`. An event that may not happen is ignored by the fold.
 */

import type { RunStatus } from "./contract.gen.ts";

/** Event, statuses it may happen in (`none`: there is nothing yet; `*`: any), status after it (`=`: as before). */
const TABLE = `run.queued none,queued,running,waiting queued
run.started queued running
run.waiting running waiting
run.resumed waiting running
run.cancel_requested queued,running,waiting =
run.succeeded running succeeded
run.partial running partial
run.failed queued,running,waiting failed
run.cancelled queued,running,waiting cancelled
run.reopened partial,failed,cancelled queued
phase.started * running
phase.progressed none,planned,running running
phase.finished none,planned,running finished
phase.failed none,planned,running failed
item.planned none planned
item.started * running
item.progressed none,planned,running running
item.updated * =
item.finished none,planned,running finished
item.failed none,planned,running failed
output.started * open
output.appended none,open open
output.finished none,open finished`;

const MOVES: ReadonlyMap<string, string[]> = new Map(
  TABLE.split("\n").map((row) => {
    const [type = "", ...move] = row.split(" ");
    return [type, move];
  }),
);

/** Return what a status becomes by an event of the table; undefined: the event may not happen in it. */
export function follow(type: string, status: string | null | undefined): string | undefined {
  const [from = "", to] = MOVES.get(type) ?? [];
  if (from !== "*" && !from.split(",").includes(status ?? "none")) return undefined;
  return to === "=" ? (status ?? "planned") : to;
}

/** Tell whether a run of this status is over, though perhaps not for ever. */
export function isEnded(status: RunStatus | null | undefined): boolean {
  return status != null && !follow("run.cancelled", status);
}
