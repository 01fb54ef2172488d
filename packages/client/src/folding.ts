/**
 * Folding a log by hand, from its first event on: `new Fold(EMPTY)`. The client itself always begins with a snapshot.
 *
 * @module fold
 */

import type { Snapshot } from "./contract.gen.ts";
import { blank } from "./fold.ts";

export { type Applied, Fold } from "./fold.ts";

/** Before event 1. A snapshot on the wire always has a run id; here none is known yet. */
export const EMPTY: Snapshot = {
  ...blank("run_id job title status execution_id created_at started_at finished_at cancel_requested_at"),
  ...blank("result error group"),
  seq: 0,
  cursor: "0.0",
  attempt: 0,
  executions: [],
  progress: blank("percent reached eta message"),
  phases: [],
  items: {},
  outputs: {},
  asks: {},
  notes: [],
  errors: [],
  custom: {},
  owner: "",
  metadata: {},
} as unknown as Snapshot;
