/** What goes over the wire beside events and snapshots. Written by hand; readers ignore keys they do not know. */

import type { RunEvent, RunStatus, Snapshot } from "./contract.gen.ts";

/** What is known of a run that is not in its log: it changes without an event. */
export interface Live {
  /** Runs before this one, or null when it does not wait. */
  queue_position: number | null;
  estimated_start: string | null;
  /** A part of the service is slower than usual. */
  degraded: boolean;
}

/** First frame of a stream. */
export interface OpenFrame {
  connection_id: string;
  run_id: string;
  execution_id: string | null;
  /** Seq of the log's last event. */
  head: number;
  /** Seconds between two pings. */
  ping_s: number;
  server_time: string;
  live?: Live | null;
  /** Only some event types were asked for: seqs may be skipped. */
  partial?: boolean;
}

/** Nothing follows: the run has ended (`final` false: it may be tried again), or, with `use`, go on by other means. */
export interface EndFrame {
  status: RunStatus | null;
  seq: number | null;
  final: boolean;
  use?: "poll" | null;
}

/** What was read so far is void; a snapshot follows, except after `gone`. */
export interface ResetFrame {
  reason: "behind" | "trimmed" | "lagged" | "ahead" | "gone";
}

/** Words of an operator to everybody who watches. One with an `id` stands: it comes again with each stream. */
export interface Notice {
  /** What is said; not there when the notice is over. */
  text?: string;
  level?: "info" | "warning" | "critical";
  /** Of one that stands: show it once. */
  id?: string;
  at?: string;
  /** When it is over by itself; null: when that is said. */
  until?: string | null;
  /** The notice of this id is over: show it no more. */
  over?: boolean;
}

/** Answer to `GET /v1/runs/{id}`. */
export type PolledSnapshot = Snapshot & { live?: (Live & { notices?: Notice[] }) | null };

/** A page of a log. */
export interface EventPage {
  events: RunEvent[];
  /** Position after the last event of the page. */
  cursor: string;
  /** Whether the log goes on after this page. */
  more: boolean;
  /** Text deltas or log lines are missing in it: seqs may be skipped. */
  partial?: boolean;
  /** All that stand, and of those that were asked about each that is over. */
  notices?: Notice[];
}

/** A run in a list. From `percent` on as of its end, or of its last stored snapshot; null before the first. */
export interface RunSummary {
  id: string;
  job: string;
  title: string;
  status: RunStatus;
  owner: string;
  group: string | null;
  metadata: Record<string, unknown>;
  execution_id: string;
  attempt: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  updated_at: string;
  cancel_requested: boolean;
  seq: number;
  cursor: string;
  percent: number | null;
  reached: number | null;
  message: string | null;
  phase: string | null;
  items_total: number | null;
  items_ended: number | null;
  items_failed: number | null;
}

export interface RunPage {
  runs: RunSummary[];
  /** Pass it as `page` to get the next one; null: there is none. */
  next: string | null;
}

/** Which runs to list; all of one's own without it. */
export interface RunQuery {
  status?: RunStatus | RunStatus[];
  job?: string;
  group?: string;
  limit?: number;
  page?: string;
}

/** A page of which runs. */
export interface RunSearch extends RunQuery {
  /**
   * Words, each of which stands in title, job or id; or how an id begins. Words are looked for in the next 1,000 runs:
   * a page may have fewer than `limit`, or none, and more may be found behind its `next`.
   */
  q?: string;
}

/** Answer to the creation of a run. */
export interface StartedRun {
  id: string;
  job: string;
  status: RunStatus;
  execution_id: string | null;
  created_at: string;
  estimated_completion_at: string | null;
  snapshot?: Snapshot | null;
  links: Record<string, string>;
}

/** Answer to every write to a log. */
export interface Appended {
  seq: number;
  cursor: string;
  status: RunStatus;
  cancel_requested: boolean;
}
