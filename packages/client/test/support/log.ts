import type { EventType, Payloads, RunEvent, Snapshot } from "../../src/contract.gen.ts";
import { EMPTY, Fold } from "../../src/folding.ts";

/** A run's log in memory, as a server keeps it. */
export class Log {
  readonly id: string;
  readonly events: RunEvent[] = [];
  /** Changes when the log lost its tail and grew again. */
  tag = "t";
  #fold: Fold = new Fold(EMPTY);

  constructor(id = "run_1") {
    this.id = id;
  }

  add<Type extends EventType>(type: Type, data: Payloads[Type]): this {
    const seq = this.events.length + 1;
    const time = new Date(Date.parse("2026-11-21T09:00:00Z") + seq * 1000).toISOString();
    const event = {
      ...{ run_id: this.id, seq, type, time, at: null, execution_id: "exe_1" },
      ...{ correlation_id: null, agent: null, step: null, data },
    } as RunEvent;
    this.events.push(event);
    this.#fold.apply(event, this.cursor(seq));
    return this;
  }

  cursor(seq: number = this.events.length): string {
    return `${seq}.${seq === 0 ? "0" : this.tag}`;
  }

  snapshot(): Snapshot {
    return JSON.parse(JSON.stringify(this.#fold.snapshot())) as Snapshot;
  }

  get status(): Snapshot["status"] {
    return this.#fold.status;
  }

  /** Events after a cursor. */
  after(cursor: string): RunEvent[] {
    return this.events.slice(Number(cursor.split(".")[0]));
  }
}

/** A run that has begun, with a phase, an item and text beyond the BMP. */
export function begun(id?: string): Log {
  return new Log(id)
    .add("run.queued", {
      attempt: 1,
      reason: "created",
      run: {
        job: "trip",
        title: "Rom 🏛️",
        owner: "",
        group: null,
        metadata: {},
        created_at: "2026-11-21T09:00:00.000Z",
      },
    })
    .add("run.planned", { phases: [{ id: "plan", title: "Plan", weight: 1 }] })
    .add("run.started", { attempt: 1, worker: "wrk_1", expected_s: null })
    .add("item.planned", { key: "day:1", kind: "day", title: "Tag 1", parent: null, phase: "plan" })
    .add("item.started", { key: "day:1" })
    .add("output.started", { key: "text" })
    .add("output.appended", { key: "text", delta: "Ein Tag in Rom: 👩🏽‍🚀🏛️ " });
}

/** The same run, ended. */
export function ended(how: "run.succeeded" | "run.failed" = "run.succeeded"): Log {
  const log = begun()
    .add("output.finished", { key: "text" })
    .add("item.finished", { key: "day:1", data: { places: 3 } });
  return how === "run.succeeded"
    ? log.add(how, { result: { days: 1 } })
    : log.add(how, {
        error: { code: "job_error", message: "no", category: "application", retryable: true, hint: null },
      });
}

export function reopen(log: Log): Log {
  return log
    .add("run.reopened", { by: null, items: null })
    .add("run.queued", { attempt: 2, reason: "reopened", run: null })
    .add("run.started", { attempt: 2, worker: "wrk_1", expected_s: null });
}
