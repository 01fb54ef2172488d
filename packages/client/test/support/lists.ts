/** A server's list of runs, changed by the test that watches it. */

import type { ServerResponse } from "node:http";
import type { RunSummary } from "../../src/wire.ts";
import { Log } from "./log.ts";
import { begin, frame, json, type Seen, WireServer } from "./server.ts";

const BEGIN = Date.parse("2026-11-21T09:00:00Z");
const OPEN = { connection_id: "con_1", run_id: null, execution_id: null, head: null, ping_s: 15, live: null };

/** The `n`th run of a list, as it stands in it. */
export function summary(n: number, changes: Partial<RunSummary> = {}): RunSummary {
  const time = new Date(BEGIN + n * 1000).toISOString();
  return {
    ...{ id: `run_${`${n}`.padStart(4, "0")}`, job: "trip", title: `Trip ${n}`, status: "running", owner: "" },
    ...{ group: null, metadata: {}, execution_id: `exe_${n}`, attempt: 1, created_at: time, started_at: time },
    ...{
      finished_at: null,
      updated_at: time,
      cancel_requested: false,
      seq: 5,
      cursor: "5.t",
      percent: 10,
      reached: 10,
    },
    ...{ message: null, phase: null, items_total: null, items_ended: null, items_failed: null },
    ...changes,
  };
}

/** Speaks the wire for lists of runs, over real sockets. */
export class ListServer extends WireServer {
  /** Newest first. */
  rows: RunSummary[];
  /** Streams are switched off. */
  off = false;
  /** Runs one request goes through for words. */
  lookedAt = 1_000;
  readonly #watching: Map<ServerResponse, number> = new Map();

  constructor(count: number) {
    super(new Log());
    this.rows = Array.from({ length: count }, (_, index) => summary(count - index));
    this.script = (seen, response) => this.#answerList(seen, response);
  }

  override get watching(): number {
    return this.#watching.size;
  }

  /** Requests for pages, without those for the stream. */
  get pages(): Seen[] {
    return this.requests("/v1/runs");
  }

  /** Begin runs, and tell everybody. */
  begin(...ns: number[]): void {
    for (const n of ns) this.rows.unshift(summary(n));
    this.tell(
      this.rows.filter(({ id }) => ns.some((n) => summary(n).id === id)),
      [],
    );
  }

  /** Change a run, and tell everybody. */
  change(n: number, changes: Partial<RunSummary>): void {
    const at = this.rows.findIndex(({ id }) => id === summary(n).id);
    const row = { ...(this.rows[at] as RunSummary), ...changes };
    this.rows[at] = { ...row, seq: row.seq + 1 };
    this.tell([this.rows[at] as RunSummary], []);
  }

  /** A run does not belong to the list any more. */
  drop(n: number): void {
    this.rows = this.rows.filter(({ id }) => id !== summary(n).id);
    this.tell([], [summary(n).id]);
  }

  tell(runs: RunSummary[], removed: string[]): void {
    for (const response of this.#watching.keys()) response.write(frame("runs", { runs, removed }));
  }

  /** Switch streams off; those that are open are told. */
  switchOff(): void {
    this.off = true;
    for (const response of this.#watching.keys()) response.end(OFF);
  }

  #answerList(seen: Seen, response: ServerResponse): boolean {
    const { path, query } = seen;
    const limit = Number(query.get("limit") ?? 50);
    if (path === "/v1/runs/stream") {
      begin(response);
      if (this.off) {
        response.end(OFF);
        return true;
      }
      this.#watching.set(response, limit);
      response.on("close", () => this.#watching.delete(response));
      response.write(frame("open", OPEN) + frame("page", { runs: this.rows.slice(0, limit) }));
      return true;
    }
    if (path !== "/v1/runs") return false;
    const after = query.get("page");
    const from = after === null ? 0 : this.rows.findIndex(({ id }) => id === after) + 1;
    json(response, 200, this.#page(query.get("q"), this.rows.slice(from), limit));
    return true;
  }

  /** As the server does: it ends with a full page, or with as many runs as it goes through. */
  #page(words: string | null, rows: RunSummary[], limit: number): { runs: RunSummary[]; next: string | null } {
    const looked = words === null ? rows : rows.slice(0, this.lookedAt);
    const found = looked.filter(({ title }) => words === null || title.includes(words));
    const runs = found.slice(0, limit);
    const last = found.length > limit || looked.length === rows.length ? runs.at(-1) : looked.at(-1);
    const whole = found.length <= limit && looked.length === rows.length;
    return { runs, next: whole ? null : (last?.id ?? null) };
  }
}

const OFF = `retry: 120000\n\n${frame("end", { status: null, seq: null, final: false, use: "poll" })}`;
