// Made by `npm run generate` from conformance/. Do not edit.
/**
 * Where a run stands.
 */
export type RunStatus = "queued" | "running" | "waiting" | "succeeded" | "partial" | "failed" | "cancelled";

export interface Payloads {
  "attempt.discarded": AttemptDiscarded;
  custom: Custom;
  error: ErrorReported;
  "item.failed": ItemFailed;
  "item.finished": ItemFinished;
  "item.planned": ItemPlanned;
  "item.progressed": ItemProgressed;
  "item.started": ItemStarted;
  "item.updated": ItemUpdated;
  log: Log;
  note: Note;
  "output.appended": OutputAppended;
  "output.finished": OutputFinished;
  "output.started": OutputStarted;
  "phase.failed": PhaseFailed;
  "phase.finished": PhaseFinished;
  "phase.progressed": PhaseProgressed;
  "phase.started": PhaseStarted;
  "run.cancel_requested": RunCancelRequested;
  "run.cancelled": RunCancelled;
  "run.failed": RunFailed;
  "run.partial": RunPartial;
  "run.planned": RunPlanned;
  "run.queued": RunQueued;
  "run.reopened": RunReopened;
  "run.resumed": RunResumed;
  "run.started": RunStarted;
  "run.succeeded": RunSucceeded;
  "run.waiting": RunWaiting;
  "step.finished": StepFinished;
}
/**
 * What unfinished steps of an earlier try had written is withdrawn.
 */
export interface AttemptDiscarded {
  attempt: number;
  set: Discarded;
  step: string | null;
}
/**
 * Replacement values of the entries touched; null removes the entry. The fold only assigns them.
 */
export interface Discarded {
  /**
   * To be assigned in this order.
   */
  custom: CustomEntry[];
  items: Record<string, Item | null>;
  /**
   * Seqs of the notes that are taken back.
   */
  notes: number[];
  outputs: Record<string, Output | null>;
  phases: Record<string, Phase | null>;
}
/**
 * A custom value to put back; null removes it. `key` as in the snapshot: empty where the event had none.
 */
export interface CustomEntry {
  key: string;
  name: string;
  value: CustomValue | null;
}
/**
 * What stands at a name and key; wrapped, because an application's null is a value, too.
 */
export interface CustomValue {
  data: unknown;
}
/**
 * A keyed part of the run. `seq` is that of the event it came with: items are shown in this order.
 */
export interface Item {
  attempt: number;
  data: unknown;
  error: RunError | null;
  kind: string;
  parent: string | null;
  phase: string | null;
  progress: ItemProgress | null;
  seq: number;
  status: "planned" | "running" | "finished" | "failed";
  title: string;
}
/**
 * Why something failed.
 */
export interface RunError {
  category: string;
  code: string;
  hint: string | null;
  message: string;
  retryable: boolean;
}
/**
 * How far an item is.
 */
export interface ItemProgress {
  done: number;
  message: string | null;
  total: number | null;
}
/**
 * A text stream. `from_offset`: code points dropped in front of `text`; the whole is at `/outputs/{key}`.
 */
export interface Output {
  attempt: number;
  finished: boolean;
  from_offset: number;
  seq: number;
  text: string;
}
/**
 * A weighted stage of the run. `weight` null: it was not declared.
 */
export interface Phase {
  done: number;
  error: RunError | null;
  finished_at: string | null;
  id: string;
  message: string | null;
  started_at: string | null;
  status: "planned" | "running" | "finished" | "failed";
  title: string;
  total: number | null;
  unit: string | null;
  weight: number | null;
}
/**
 * An application's own event. Folds to `custom[name][key or ""] = data`.
 */
export interface Custom {
  data: unknown;
  key: string | null;
  name: string;
}
/**
 * Something went wrong without ending the run.
 */
export interface ErrorReported {
  category: string;
  code: string;
  item: string | null;
  message: string;
  retryable: boolean;
  severity: "info" | "warning" | "error" | "critical";
}
/**
 * An item could not be done; the others go on.
 */
export interface ItemFailed {
  error: RunError;
  key: string;
}
/**
 * An item is done. `data` null keeps the data of the last update.
 */
export interface ItemFinished {
  data: unknown;
  key: string;
}
/**
 * A part of the run that is known to come: a day, a page, a file. Shown as a placeholder.
 */
export interface ItemPlanned {
  key: string;
  kind: string;
  parent: string | null;
  phase: string | null;
  title: string;
}
/**
 * An item moved on.
 */
export interface ItemProgressed {
  done: number;
  key: string;
  message: string | null;
  total: number | null;
}
/**
 * Work on an item began. Starting it again resets its progress, data and error.
 */
export interface ItemStarted {
  key: string;
}
/**
 * An item's data as known by now; replaces what was there.
 */
export interface ItemUpdated {
  data: unknown;
  key: string;
}
/**
 * A line for whoever looks into the run. In the log, never in the snapshot.
 */
export interface Log {
  fields: Record<string, unknown>;
  level: "debug" | "info" | "warning" | "error" | "critical";
  text: string;
}
/**
 * Something worth telling a person beside the progress.
 */
export interface Note {
  body: string;
  kind: string;
  title: string | null;
}
/**
 * More text.
 */
export interface OutputAppended {
  delta: string;
  key: string;
}
/**
 * The text is complete.
 */
export interface OutputFinished {
  key: string;
}
/**
 * A text stream begins, empty. Starting it again empties it.
 */
export interface OutputStarted {
  key: string;
}
/**
 * A phase could not be done.
 */
export interface PhaseFailed {
  error: RunError | null;
  id: string;
}
/**
 * A phase is done.
 */
export interface PhaseFinished {
  id: string;
}
/**
 * A phase moved on. `total` null means: not known.
 */
export interface PhaseProgressed {
  done: number;
  id: string;
  message: string | null;
  total: number | null;
  unit: string | null;
}
/**
 * A phase began. Starting it again resets it.
 */
export interface PhaseStarted {
  id: string;
  total: number | null;
  unit: string | null;
}
/**
 * Somebody wants the run to stop; it goes on until the worker has seen this.
 */
export interface RunCancelRequested {
  by: string | null;
  reason: string | null;
}
/**
 * The run was stopped. `forced`: the worker did not answer within the grace time.
 */
export interface RunCancelled {
  forced: boolean;
  reason: string | null;
}
/**
 * The run ended with an error.
 */
export interface RunFailed {
  error: RunError;
}
/**
 * The run finished, but some items failed; they can be retried.
 */
export interface RunPartial {
  result: unknown;
}
/**
 * The phases of the run, in order. Replaces an earlier plan; what already happened in a phase stays.
 */
export interface RunPlanned {
  phases: PhasePlan[];
}
/**
 * One phase as declared. Weights are relative; they need not add up to anything.
 */
export interface PhasePlan {
  id: string;
  title: string;
  weight: number;
}
/**
 * A new attempt waits for a worker; `execution_id` of the envelope names it.
 */
export interface RunQueued {
  attempt: number;
  reason: "created" | "retry" | "takeover" | "resumed" | "reopened";
  run: RunHeader | null;
}
/**
 * What is known of a run when it is created; stands in its first event, so that a log explains itself.
 */
export interface RunHeader {
  created_at: string;
  group: string | null;
  job: string;
  metadata: Record<string, unknown>;
  owner: string;
  title: string;
}
/**
 * An ended run is tried again; the named failed items become planned.
 */
export interface RunReopened {
  by: string | null;
  items: string[] | null;
}
/**
 * The question is over: answered, unless `outcome` says that its time ran out or that the job withdrew it.
 *
 * Secret parts of the answer are null: they never stand in the log.
 */
export interface RunResumed {
  answer: unknown;
  ask_id: string;
  by: string | null;
  outcome: "answered" | "timed_out" | "withdrawn";
}
/**
 * An execution claimed the attempt.
 */
export interface RunStarted {
  attempt: number;
  expected_s: number | null;
  worker: string | null;
}
/**
 * The run ended well. Final.
 */
export interface RunSucceeded {
  result: unknown;
}
/**
 * The job asked a question and waits for the answer. The same `ask_id` again: the same question.
 */
export interface RunWaiting {
  ask_id: string;
  prompt: string;
  schema: Record<string, unknown> | null;
}
/**
 * A keyed step is checkpointed; it will not run again in this run.
 */
export interface StepFinished {
  key: string;
}
/**
 * State of a run folded through `seq`. `cursor` is where the tail begins.
 */
export interface Snapshot {
  asks: Record<string, Ask>;
  attempt: number;
  cancel_requested_at: string | null;
  created_at: string | null;
  cursor: string;
  custom: Record<string, Record<string, unknown>>;
  error: RunError | null;
  errors: ErrorEntry[];
  execution_id: string | null;
  executions: Execution[];
  finished_at: string | null;
  group: string | null;
  items: Record<string, Item>;
  job: string | null;
  metadata: Record<string, unknown>;
  notes: NoteEntry[];
  outputs: Record<string, Output>;
  owner: string;
  phases: Phase[];
  progress: Progress;
  result: unknown;
  run_id: string;
  seq: number;
  started_at: string | null;
  status: RunStatus | null;
  title: string | null;
}
/**
 * A question the job waits for.
 */
export interface Ask {
  asked_at: string;
  prompt: string;
  schema: Record<string, unknown> | null;
}
/**
 * One of the last errors that did not end the run.
 */
export interface ErrorEntry {
  category: string;
  code: string;
  item: string | null;
  message: string;
  retryable: boolean;
  seq: number;
  severity: "info" | "warning" | "error" | "critical";
  time: string;
}
/**
 * One attempt at the run.
 */
export interface Execution {
  attempt: number;
  execution_id: string;
  expected_s: number | null;
  finished_at: string | null;
  /**
   * Percent it began with.
   */
  from_percent: number | null;
  /**
   * The status in which the run ended in it; `failed` also when the body is tried again, `waiting` when it made room until an answer came, `lost` when its worker died. Null while it lasts.
   */
  outcome: string | null;
  queued_at: string;
  reason: string;
  started_at: string | null;
  worker: string | null;
}
/**
 * One of the last notes.
 */
export interface NoteEntry {
  body: string;
  kind: string;
  seq: number;
  time: string;
  title: string | null;
}
/**
 * How far the run is.
 */
export interface Progress {
  /**
   * When it may end, or null while it is too early to tell.
   */
  eta: string | null;
  /**
   * The last thing a phase said.
   */
  message: string | null;
  /**
   * 0 to 100, or null while anything in it is unknown.
   */
  percent: number | null;
  /**
   * The highest percent of this attempt, which percent does not fall below; what a bar may go on showing while percent is null. Only a take-over that withdraws what a dead worker left sets it anew.
   */
  reached: number | null;
}
/**
 * An event as it is stored, sent and listed: the payload and where it stands.
 */
export interface Envelope<Type extends string, Data> {
  /**
   * Dotted name of the agent that wrote it.
   */
  agent: string | null;
  /**
   * When it happened, if that is not when it was appended.
   */
  at: string | null;
  correlation_id: string | null;
  data: Data;
  execution_id: string | null;
  run_id: string;
  /**
   * Position in the run's log: dense, from 1.
   */
  seq: number;
  /**
   * Key of the step that wrote it.
   */
  step: string | null;
  /**
   * When it was appended; never falls within a log.
   */
  time: string;
  type: Type;
}

export type EventType = keyof Payloads;

/** Any event of a log, told apart by `type`. A newer server may send types that are not in this list. */
export type RunEvent = { [Type in EventType]: Envelope<Type, Payloads[Type]> }[EventType];

/** The event of one type. */
export type EventOf<Type extends EventType> = Extract<RunEvent, { type: Type }>;

export const ALL_TEXT_MAX = 8388608;
export const BATCH_EVENTS_MAX = 1000;
export const BODY_BYTES_MAX = 4194304;
export const CONTROL_TYPES = ["run.cancel_requested", "run.queued", "run.reopened", "run.resumed", "run.started", "run.waiting"] as const;
export const CUSTOM_MAX = 10000;
export const DEPTH_MAX = 32;
export const ENDED_STATUSES = ["cancelled", "failed", "partial", "succeeded"] as const;
export const ERRORS_MAX = 100;
export const EVENT_BYTES_MAX = 262144;
export const EXECUTIONS_MAX = 20;
export const FAMILIES = ["run", "phase", "item", "output", "note", "log", "error", "step", "attempt", "custom"] as const;
export const FOLD_VERSION = 2;
export const ITEMS_MAX = 10000;
export const NAME_MAX = 200;
export const NOTES_MAX = 200;
export const OUTPUTS_MAX = 1000;
export const OUTPUT_TEXT_MAX = 1048576;
export const PAGE_MAX = 1000;
export const PHASES_MAX = 100;
export const REPORTED_TYPES = ["custom", "error", "item.failed", "item.finished", "item.planned", "item.progressed", "item.started", "item.updated", "log", "note", "output.appended", "output.finished", "output.started", "phase.failed", "phase.finished", "phase.progressed", "phase.started", "run.cancelled", "run.failed", "run.partial", "run.planned", "run.succeeded"] as const;
export const RUN_STATUSES = ["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled"] as const;
export const SNAPSHOT_EVERY_BYTES = 1048576;
export const SNAPSHOT_EVERY_EVENTS = 1000;
export const STREAM_RUNS_MAX = 64;

/** The `code` of an answer that is a problem. */
export type ProblemCode =
  | "not_started"
  | "bad_request"
  | "bad_json"
  | "invalid_query"
  | "invalid_cursor"
  | "invalid_input"
  | "invalid_event"
  | "unknown_event_type"
  | "event_not_allowed"
  | "too_deep"
  | "event_too_large"
  | "body_too_large"
  | "stream_with_body"
  | "not_found"
  | "connection_not_found"
  | "notice_not_found"
  | "method_not_allowed"
  | "unauthenticated"
  | "forbidden"
  | "auth_not_configured"
  | "origin_not_allowed"
  | "job_not_found"
  | "run_not_found"
  | "run_closed"
  | "run_active"
  | "conflict"
  | "execution_superseded"
  | "key_reused"
  | "owned"
  | "cancel_requested"
  | "run_unsuccessful"
  | "trimmed"
  | "too_many_connections"
  | "overloaded"
  | "transport_off"
  | "processes_silent"
  | "store_unavailable"
  | "store_locked"
  | "store_full"
  | "store_invalid"
  | "schema_newer"
  | "internal"
  | "usage";

/** The `code` inside the `error` of an event, as far as Headway itself writes it; applications add their own. */
export type RunErrorCode =
  | "job_error"
  | "step_failed"
  | "timed_out"
  | "ask_timed_out"
  | "result_invalid"
  | "worker_lost"
  | "crash_loop"
  | "code_changed";
