/**
 * When each part of a run waited, worked and ended, from the events of its log.
 *
 * Pure: events go in once each and in order, rows come out. A row has segments (something went on for a while) and ticks
 * (something happened). What is under way has an open segment, which the view draws up to now.
 */

import type { RunEvent } from "@headway-run/client";

export type RowKind = "attempt" | "phase" | "item" | "output";
/** `queued`: waits for a worker or a free place. `waiting`: for an answer. `done` and the others: how work ended. */
export type SegmentKind = "queued" | "running" | "waiting" | "done" | "failed" | "stopped";

export interface Segment {
  readonly kind: SegmentKind;
  readonly from: number;
  /** Null: it goes on. */
  readonly to: number | null;
}

export interface Tick {
  readonly kind: "retry" | "step" | "error";
  readonly at: number;
  /** Short, as `2/5`: the try that follows. */
  readonly label: string;
  readonly text: string;
}

export interface Row {
  readonly id: string;
  readonly kind: RowKind;
  readonly title: string;
  /** Of the row it belongs to, or null. */
  readonly parent: string | null;
  readonly level: number;
  readonly segments: readonly Segment[];
  readonly ticks: readonly Tick[];
  readonly hasChildren: boolean;
}

interface Draft {
  id: string;
  kind: RowKind;
  title: string;
  parent: string | null;
  segments: { kind: SegmentKind; from: number; to: number | null }[];
  ticks: Tick[];
}

const ENDS: Partial<Record<RunEvent["type"], SegmentKind>> = {
  "run.succeeded": "done",
  "run.partial": "done",
  "run.failed": "failed",
  "run.cancelled": "stopped",
};
const TRY = /\(try (\d+) of (\d+)\)$/;

export class Timeline {
  readonly #rows: Map<string, Draft> = new Map();
  /** The rows of the present attempt and phase. */
  #attempt: Draft | null = null;
  #phase: Draft | null = null;
  #attempts = 0;
  #last = 0;

  /** When the last event was: it is never later than now, whatever clocks say. */
  get last(): number {
    return this.#last;
  }

  /** Take the next events of the log. */
  apply(events: readonly RunEvent[]): void {
    for (const event of events) {
      const at = Date.parse(event.at ?? event.time);
      this.#last = Math.max(this.#last, at);
      this.#apply(event, at);
    }
  }

  /** The rows as a tree in reading order: all attempts, then each phase with what is in it. */
  rows(): Row[] {
    const children = new Map<string | null, Draft[]>();
    for (const row of this.#rows.values()) {
      const parent = row.parent !== null && this.#rows.has(row.parent) ? row.parent : null;
      const beside = children.get(parent);
      if (beside) beside.push(row);
      else children.set(parent, [row]);
    }
    const top = children.get(null) ?? [];
    children.set(null, [
      ...top.filter(({ kind }) => kind === "attempt"),
      ...top.filter(({ kind }) => kind !== "attempt"),
    ]);
    const found: Row[] = [];
    const visit = (parent: string | null, level: number) => {
      for (const row of children.get(parent) ?? []) {
        found.push({ ...row, segments: [...row.segments], level, hasChildren: children.has(row.id) });
        visit(row.id, level + 1);
      }
    };
    visit(null, 1);
    return found;
  }

  #apply(event: RunEvent, at: number): void {
    switch (event.type) {
      case "run.planned":
        for (const { id, title } of event.data.phases) this.#row(`phase:${id}`, "phase", title || id, null);
        break;
      case "run.queued":
        this.#queue(event.data.attempt, event.data.reason, at);
        break;
      case "run.started":
        this.#next(this.#attempt, "running", at);
        break;
      case "run.waiting":
        for (const row of [this.#attempt, this.#phase]) this.#next(row, "waiting", at);
        break;
      case "run.resumed":
        for (const row of [this.#attempt, this.#phase]) if (isOpen(row, "waiting")) this.#next(row, "running", at);
        break;
      case "run.succeeded":
      case "run.partial":
      case "run.failed":
      case "run.cancelled":
        this.#endAll(ENDS[event.type] ?? "done", at);
        break;
      default:
        this.#applyPart(event, at);
    }
  }

  #applyPart(event: RunEvent, at: number): void {
    switch (event.type) {
      case "phase.started":
        this.#phase = this.#row(`phase:${event.data.id}`, "phase", event.data.id, null);
        this.#next(this.#phase, "running", at);
        break;
      case "phase.finished":
      case "phase.failed":
        this.#close(`phase:${event.data.id}`, event.type === "phase.failed" ? "failed" : "done", at);
        if (this.#phase?.id === `phase:${event.data.id}`) this.#phase = null;
        break;
      case "item.planned":
        this.#plan(event.data, at);
        break;
      case "item.started":
        this.#next(this.#item(event.data.key), "running", at);
        break;
      case "item.finished":
      case "item.failed":
        this.#item(event.data.key);
        this.#close(`item:${event.data.key}`, event.type === "item.failed" ? "failed" : "done", at);
        break;
      case "output.started":
        this.#next(
          this.#row(`output:${event.data.key}`, "output", event.data.key, this.#phase?.id ?? null),
          "running",
          at,
        );
        break;
      case "output.finished":
        this.#close(`output:${event.data.key}`, "done", at);
        break;
      case "step.finished":
        this.#tickStep(event.data.key, at);
        break;
      case "error":
        this.#tickError(event.data, at);
        break;
      default: // what takes no time, or is of a newer server
    }
  }

  #row(id: string, kind: RowKind, title: string, parent: string | null): Draft {
    const known = this.#rows.get(id);
    if (known) return known;
    const row: Draft = { id, kind, title, parent, segments: [], ticks: [] };
    this.#rows.set(id, row);
    return row;
  }

  #item(key: string): Draft {
    return this.#row(`item:${key}`, "item", key, this.#phase?.id ?? null);
  }

  #plan(
    { key, title, parent, phase }: { key: string; title: string; parent: string | null; phase: string | null },
    at: number,
  ) {
    const owner = parent !== null ? `item:${parent}` : phase !== null ? `phase:${phase}` : null;
    const row = this.#row(`item:${key}`, "item", title || key, owner);
    row.title = title || key;
    row.parent = owner;
    const last = row.segments.at(-1);
    if (last === undefined || last.kind === "failed" || last.kind === "stopped") this.#next(row, "queued", at);
  }

  /** A new attempt waits. What an earlier one left open is over, whoever ended it. */
  #queue(attempt: number, reason: string, at: number): void {
    if (attempt > this.#attempts) {
      this.#endAll("stopped", at);
      this.#attempts = attempt;
      const title = `Attempt ${attempt}${REASONS[reason] ? `, ${REASONS[reason]}` : ""}`;
      this.#attempt = this.#row(`attempt:${attempt}`, "attempt", title, null);
      this.#phase = null;
    }
    this.#next(this.#attempt, "queued", at);
  }

  /** Something else goes on in a row from now on. */
  #next(row: Draft | null, kind: SegmentKind, at: number): void {
    if (!row) return;
    const last = row.segments.at(-1);
    if (last && last.to === null) {
      if (last.kind === kind) return;
      last.to = at;
      if (last.kind === "running") last.kind = "done";
    }
    row.segments.push({ kind, from: at, to: null });
  }

  #close(id: string, outcome: SegmentKind, at: number): void {
    const row = this.#rows.get(id);
    const last = row?.segments.at(-1);
    if (!row || !last) {
      row?.segments.push({ kind: outcome, from: at, to: at });
    } else if (last.to === null) {
      last.to = at;
      if (last.kind === "running") last.kind = outcome;
      else row.segments.push({ kind: outcome, from: at, to: at });
    }
  }

  /** What is under way ends now; what only waited is not a part of how it went. */
  #endAll(outcome: SegmentKind, at: number): void {
    for (const row of this.#rows.values()) {
      const last = row.segments.at(-1);
      if (!last || last.to !== null) continue;
      last.to = at;
      if (last.kind === "running") last.kind = row.kind === "attempt" ? outcome : "stopped";
    }
    if (this.#attempt && this.#attempt.segments.at(-1)?.kind === "waiting") {
      this.#attempt.segments.push({ kind: outcome, from: at, to: at });
    }
  }

  /** A step belongs to the item its key begins with, else to the phase it was made in. */
  #tickStep(key: string, at: number): void {
    const row =
      this.#rows.get(`item:${key.slice(0, Math.max(0, key.lastIndexOf("/")))}`) ?? this.#phase ?? this.#attempt;
    row?.ticks.push({ kind: "step", at, label: "", text: `step ${key} done` });
  }

  #tickError(
    { item, message, severity }: { item: string | null; message: string; severity: string },
    at: number,
  ): void {
    if (severity === "info") return;
    const row = (item !== null && this.#rows.get(`item:${item}`)) || this.#phase || this.#attempt;
    const tried = TRY.exec(message);
    if (tried) row?.ticks.push({ kind: "retry", at, label: `${Number(tried[1]) + 1}/${tried[2]}`, text: message });
    else row?.ticks.push({ kind: "error", at, label: "!", text: message });
  }
}

const REASONS: Record<string, string> = {
  retry: "tried again",
  takeover: "taken over",
  resumed: "resumed",
  reopened: "reopened",
};

function isOpen(row: Draft | null, kind: SegmentKind): boolean {
  const last = row?.segments.at(-1);
  return last?.to === null && last.kind === kind;
}

/** How long a row worked, and since when: what the table says in numbers. */
export function spanOf(row: Row, now: number): { from: number | null; ms: number } {
  const worked = row.segments.filter(({ kind }) => kind !== "queued" && kind !== "waiting");
  const ms = worked.reduce((sum, { from, to }) => sum + Math.max(0, (to ?? now) - from), 0);
  return { from: worked[0]?.from ?? row.segments[0]?.from ?? null, ms };
}
