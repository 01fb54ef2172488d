/**
 * The fold: a run's log in, its snapshot out. The same function as `headway/core/fold.py`.
 *
 * It is total. Whatever it is fed, it only does one of three things: apply the event, ignore it but advance the seq,
 * or refuse it because its seq does not follow (a duplicate or a gap). Illegal transitions, unknown types and entries
 * past a cap are ignored alike in both languages; shared vectors and random histories prove it.
 */

import {
  ERRORS_MAX,
  type EventOf,
  EXECUTIONS_MAX,
  type Execution,
  type Item,
  NOTES_MAX,
  type Output,
  PHASES_MAX,
  type Phase,
  type Progress,
  type RunError,
  type RunEvent,
  type RunStatus,
  type Snapshot,
} from "./contract.gen.ts";
import { bare, createState, type State } from "./entries.ts";
import { merged } from "./merged.ts";
import { eta, percent } from "./progress.ts";
import { follow, isEnded } from "./transitions.ts";

/** What became of an event offered to a fold. `gap`: events before it are missing; it was not applied. */
export type Applied = "applied" | "duplicate" | "gap";

/** State of one run folded through `seq`. */
export class Fold {
  readonly #state: State;
  #snapshot: Snapshot | null = null;

  /** @param snapshot Start from this state, of any origin with the same `FOLD_VERSION`; it is not changed. */
  constructor(snapshot: Snapshot) {
    this.#state = createState(snapshot);
  }

  /** Seq of the last event folded in; 0 before the first. */
  get seq(): number {
    return this.#state.body.seq;
  }

  /** Cursor of the last event folded in. */
  get cursor(): string {
    return this.#state.body.cursor;
  }

  /** Status of the run; null before event 1. */
  get status(): RunStatus | null {
    return this.#state.body.status;
  }

  /**
   * Fold in one event.
   *
   * @param cursor Its position, kept as the snapshot's `cursor` when given.
   * @param options `partial`: accept gaps (the reader asked for some event types only).
   */
  apply(event: RunEvent, cursor?: string, { partial = false }: { partial?: boolean } = {}): Applied {
    const { body } = this.#state;
    const { seq, run_id, data } = event;
    if (seq <= body.seq) return "duplicate";
    if (seq > body.seq + 1 && !partial) return "gap";
    this.#snapshot = null;
    body.seq = seq;
    body.cursor = cursor ?? body.cursor;
    body.run_id ??= run_id;
    if (typeof data === "object" && data && !Array.isArray(data)) take(this.#state, event);
    return "applied";
  }

  /**
   * Return the state, to be read only. Later events do not change it, and whatever did not change since the last call
   * is the same object.
   */
  snapshot(): Snapshot {
    this.#snapshot ??= this.#state.snapshot();
    return this.#snapshot;
  }
}

function take(state: State, event: RunEvent): void {
  const { type } = event;
  // After its end only what is said of the run itself can be legal.
  const handler = HANDLERS[type] ?? HANDLERS[type.replace(/\..*/, ".")];
  if (handler === run || !isEnded(state.body.status)) handler?.(state, event as never);
}

/** The words of a text. */
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text;

/** Take some keys of an object, named in one text; what is not there is null. */
function pick<Data extends object, Names extends string>(
  data: Data,
  names: Names,
): { [Name in Words<Names>]: Name extends keyof Data ? Data[Name] : null } {
  return Object.fromEntries(names.split(" ").map((name) => [name, (data as never)[name] ?? null])) as never;
}

/** Return keys that are null. */
export function blank<Names extends string>(names: Names): Record<Words<Names>, null> {
  return pick({}, names);
}

// -- the run itself

/** The same whenever nothing is asked, so that it has not changed. */
const NONE: Snapshot["asks"] = {};

type RunEventOf<Verb extends string> = Extract<RunEvent, { type: `run.${Verb}` }>;

function run(state: State, event: RunEvent): void {
  const { body } = state;
  const { time } = event;
  const status = follow(event.type, body.status);
  if (!status) return;
  body.status = status as RunStatus;
  if (status !== "waiting") body.asks = NONE;
  switch (event.type) {
    case "run.queued":
      queued(state, event);
      break;
    case "run.started":
      body.started_at ??= time;
      changeExecution(body, {
        ...pick(event.data, "worker expected_s"),
        started_at: time,
        from_percent: body.progress.reached ?? 0,
      });
      break;
    case "run.waiting":
      state.own("asks")[event.data.ask_id] = { ...pick(event.data, "prompt schema"), asked_at: time };
      // Nobody knows when the answer comes.
      show(body, { eta: null });
      break;
    case "run.cancel_requested":
      body.cancel_requested_at ??= time;
      break;
    case "run.reopened":
      reopened(state, event);
      break;
    default:
      if (isEnded(body.status)) ended(body, event as RunEventOf<"succeeded" | "partial" | "failed">);
  }
}

function queued(state: State, { execution_id, time, data }: RunEventOf<"queued">): void {
  const { body } = state;
  const { attempt, reason, run: header } = data;
  if (header && body.created_at === null) {
    Object.assign(body, pick(header, "job title owner group metadata created_at"));
  }
  closeExecution(body, time, reason === "retry" ? "failed" : reason === "resumed" ? "waiting" : "lost");
  const execution = {
    ...blank("worker started_at finished_at outcome from_percent expected_s"),
    ...{ execution_id, attempt, reason, queued_at: time },
  } as Execution;
  Object.assign(body, { attempt, execution_id, executions: [...body.executions, execution].slice(-EXECUTIONS_MAX) });
  progressed(state, time, null);
}

function changeExecution(body: Snapshot, change: Partial<Execution>): void {
  const last = body.executions.at(-1);
  if (last) body.executions = body.executions.with(-1, { ...last, ...change });
}

function closeExecution(body: Snapshot, finished_at: string, outcome: string): void {
  if (body.executions.at(-1)?.finished_at === null) changeExecution(body, { finished_at, outcome });
}

interface Loose {
  result?: unknown;
  error?: RunError | null;
}

function ended(body: Snapshot, { time, data }: RunEventOf<"succeeded" | "partial" | "failed">): void {
  Object.assign(body, pick(data as Loose, "result error"), { finished_at: time });
  const complete = ["succeeded", "partial"].includes(body.status as string);
  show(body, { eta: null, ...(complete && { percent: 100, reached: 100 }) });
  closeExecution(body, time, body.status as string);
}

function reopened(state: State, { time, data }: RunEventOf<"reopened">): void {
  Object.assign(state.body, blank("finished_at result error cancel_requested_at"));
  for (const key of data.items ?? []) {
    const item = state.body.items[key];
    if (item?.status === "failed") state.item(key, { ...item, status: "planned", error: null, progress: null });
  }
  progressed(state, time, null);
}

/** Replace the plan; phases that stay keep what happened in them, others that began stay at the end. */
function planned(state: State, { time, data }: RunEventOf<"planned">): void {
  const { body } = state;
  const plan = data.phases.slice(0, PHASES_MAX).map(({ id, title, weight }): [string, Phase] => {
    const known = body.phases.find((phase) => phase.id === id) ?? PLANNED;
    return [id, { ...known, id, title: title || id, weight }];
  });
  const phases = new Map(plan); // of two with one id the first gives the place, the last the rest
  const others = body.phases.filter(({ id, status }) => !phases.has(id) && status !== "planned");
  const undeclared = others.map((phase) => ({ ...phase, weight: null }));
  body.phases = [...phases.values(), ...undeclared].slice(0, PHASES_MAX);
  progressed(state, time);
}

// -- progress

function show(body: Snapshot, change: Partial<Progress>): void {
  body.progress = merged(body.progress, change);
}

/**
 * Work out percent and ETA anew; called by whatever may have moved them.
 *
 * @param reached What percent does not fall below; null: it begins anew.
 */
function progressed({ body, tallies }: State, time: string, reached = body.progress.reached): void {
  const { status, executions, phases } = body;
  const now = percent(phases, tallies);
  const shown = now === null ? null : Math.max(now, reached ?? 0);
  const pace = status === "running" && shown !== null ? executions.at(-1) : undefined;
  show(body, { percent: shown, reached: shown ?? reached, eta: pace ? eta(time, pace, shown as number) : null });
}

// -- phases, items, outputs

/** Of a phase that has not begun. */
const PLANNED: Omit<Phase, "id" | "title" | "weight"> = {
  ...blank("total unit message started_at finished_at error"),
  ...{ status: "planned", done: 0 },
};

function phase(state: State, event: Extract<RunEvent, { type: `phase.${string}` }>): void {
  const { body } = state;
  const { id } = event.data;
  const known = body.phases.find((one) => one.id === id);
  const status = follow(event.type, known?.status) as Phase["status"] | undefined;
  if (!status || (!known && body.phases.length >= PHASES_MAX)) return;
  const before = known ?? { ...PLANNED, id, title: id, weight: null }; // nobody declared it
  const after = { ...before, ...phaseChange(before, event), status };
  after.started_at ??= event.time;
  state.phase(id, after);
  if (event.type === "phase.progressed") show(body, { message: event.data.message ?? body.progress.message });
  progressed(state, event.time);
}

function phaseChange(before: Phase, event: Extract<RunEvent, { type: `phase.${string}` }>): Partial<Phase> {
  switch (event.type) {
    case "phase.started":
      return { ...PLANNED, ...pick(event.data, "total unit") };
    case "phase.progressed": {
      const { done, total = null, unit, message } = event.data;
      return { done, total, unit: unit ?? before.unit, message: message ?? before.message };
    }
    default:
      return { ...pick(event.data as Pick<Phase, "error">, "error"), finished_at: event.time };
  }
}

type ItemEvent = Extract<RunEvent, { type: `item.${string}` }>;

function item(state: State, event: ItemEvent): void {
  const { key } = event.data;
  const { attempt, items } = state.body;
  const known = items[key];
  const status = follow(event.type, known?.status) as Item["status"] | undefined;
  if (!status) return;
  const before = known ?? {
    ...blank("parent phase progress data error"),
    ...{ kind: "item", title: key, status: "planned", attempt, seq: event.seq },
  };
  if (!state.item(key, { ...before, ...itemChange(event, attempt), status })) return;
  if (before.status !== status || event.type === "item.planned") progressed(state, event.time);
}

function itemChange({ type, data }: ItemEvent, attempt: number): Partial<Item> {
  switch (type) {
    case "item.planned":
      return { ...pick(data, "kind parent phase"), title: data.title || data.key };
    case "item.started":
      return { ...blank("progress data error"), attempt };
    case "item.progressed":
      return { progress: pick(data, "done total message") };
    case "item.failed":
      return pick(data, "error");
    default:
      return type === "item.updated" || data.data != null ? pick(data, "data") : {};
  }
}

function output(state: State, { type, seq, data }: Extract<RunEvent, { type: `output.${string}` }>): void {
  const { attempt, outputs } = state.body;
  const { key } = data;
  const known = outputs[key];
  const status = follow(type, known && (known.finished ? "finished" : "open"));
  if (!status) return;
  if (!known || type === "output.started") {
    const empty = { text: "", from_offset: 0, finished: false, attempt, seq: known?.seq ?? seq };
    if (!state.output(key, empty)) return;
  }
  if (type === "output.appended") state.append(key, data.delta);
  state.own("outputs")[key] = { ...(state.body.outputs[key] as Output), finished: status === "finished" };
}

// -- the rest

/** Make the handler that adds an entry made of an event to a list, which keeps its last ones. */
function listed(list: "notes" | "errors", names: string, max: number) {
  return ({ body }: State, { seq, time, data }: RunEvent): void => {
    body[list] = [...body[list], { seq, time, ...pick(data, names) }].slice(-max) as never;
  };
}

function custom(state: State, { data }: EventOf<"custom">): void {
  state.custom(data.name, data.key || "", data);
}

function discarded(state: State, { time, data }: EventOf<"attempt.discarded">): void {
  const { body } = state;
  const { notes = [], custom = [] } = data.set; // older Headways left them out
  state.assign(data.set);
  if (notes.length) body.notes = body.notes.filter(({ seq }) => !notes.includes(seq));
  for (const entry of custom) state.custom(entry.name, entry.key, entry.value);
  if (data.step != null) {
    progressed(state, time);
    return;
  }
  // What a dead worker left is gone: only here may percent fall, and the ETA counts from what is left.
  progressed(state, time, null);
  show(body, { eta: null });
  if (body.executions.at(-1)?.from_percent != null) changeExecution(body, { from_percent: body.progress.reached ?? 0 });
}

/** By type, or by family for the types of the table. */
const HANDLERS: Record<string, (state: State, event: never) => void> = bare({
  "run.": run,
  "run.planned": planned,
  "phase.": phase,
  "item.": item,
  "output.": output,
  note: listed("notes", "kind title body", NOTES_MAX),
  error: listed("errors", "severity category code message retryable item", ERRORS_MAX),
  custom,
  "attempt.discarded": discarded,
});
