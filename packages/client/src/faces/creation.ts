/** A run from its creation to its result, by callbacks. */

import { BACKOFF_MS, type ConnectionInfo } from "../connection.ts";
import type { Item, Snapshot } from "../contract.gen.ts";
import { errorFrom, HeadwayError } from "../errors.ts";
import type { Headway, Started, StartOptions } from "../headway.ts";
import { newId } from "../id.ts";
import type { RunHandle, RunState } from "../run.ts";
import { dataOf, isGood, isNewEnd, type MessageData, whyFailed } from "./messages.ts";

/** What jobs take and give, by name. */
export type JobTypes = Record<string, { input: unknown; result: unknown; item?: unknown }>;

type DataOf<Types> = Types extends { item: infer Data } ? Data : unknown;

/** Something went wrong for good. */
export interface RunProblem {
  /** For people. */
  readonly message: string;
  readonly code: string;
  /** Whether the same may succeed later. */
  readonly retryable: boolean;
  /** `start`: there is no run. `run`: it failed or was cancelled. `connection`: it goes on, but cannot be watched. */
  readonly during: "start" | "run" | "connection";
}

export interface RunCallbacks<Types extends JobTypes[string] = JobTypes[string]> {
  /** The run is there, with what is planned already. */
  onStarted?(started: Started): void;
  onProgress?(data: MessageData, run: Snapshot): void;
  /** An item has finished, such as a day of a trip; again when it changes after that. */
  onItem?(data: DataOf<Types>, item: Item, key: string): void;
  /** It has ended with a result; `run.status` is `succeeded`, or `partial` where items failed. */
  onComplete?(result: Types["result"], run: Snapshot): void;
  onError?(problem: RunProblem, run: Snapshot | null): void;
  onConnection?(connection: ConnectionInfo): void;
  /** It takes long. That is no error: everything goes on. */
  onStillRunning?(run: Snapshot | null): void;
}

export interface CreateOptions extends StartOptions {
  /** Tries of the start, all with the same key: they are one run. @defaultValue 5 */
  maxAttempts?: number;
  /** How long one of them may take. @defaultValue 15 seconds */
  startTimeoutMs?: number;
  /** Tries to reach a run that is watched, one after the other, before that is given up. @defaultValue no limit */
  maxReconnects?: number;
  /** When to say that it is still running. @defaultValue 5 minutes */
  stillRunningMs?: number;
}

/** Its functions need no `this`. */
export interface Creation {
  /** The run, as soon as it is there. */
  run(): RunHandle | null;
  /** Ask for it to be stopped; a run that is not there yet as soon as it is. Does not reject: see `onError`. */
  cancel(reason?: string): void;
  /** Call nobody back any more. The run goes on. */
  stop(): void;
}

/** `createRun` for jobs whose types are known: `const create: CreateRun<MyJobs> = createRun`. */
export type CreateRun<Jobs extends JobTypes> = <Name extends keyof Jobs & string>(
  headway: Headway,
  job: Name,
  input: Jobs[Name]["input"],
  callbacks?: RunCallbacks<Jobs[Name]>,
  options?: CreateOptions,
) => Creation;

/** Start a job and be called back until it has ended. The start is tried again until it is known to have worked. */
export function createRun(
  headway: Headway,
  job: string,
  input: unknown,
  callbacks: RunCallbacks = {},
  options: CreateOptions = {},
): Creation {
  const { maxAttempts = 5, startTimeoutMs = 15_000, maxReconnects, stillRunningMs = 300_000, ...about } = options;
  const { environment, backoffMs = BACKOFF_MS } = headway.shared;
  const { clearTimeout, now, random, setTimeout } = environment;
  const key = about.key ?? newId();
  const stopping = new AbortController();
  const { signal } = stopping;
  let handle: RunHandle | null = null;
  let cancelling: { reason: string | undefined } | undefined;
  let last: RunState | undefined;
  let told = "";
  let endWaiting = () => {};
  const items = new Map<string, Item>();

  const fail = (error: HeadwayError, during: RunProblem["during"]) => {
    const { message, problem, category, retryable } = error;
    callbacks.onError?.({ message, code: problem.code ?? category, retryable, during }, last?.run ?? null);
  };

  /** Wait, but not after it was stopped. */
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });

  const startOnce = (): Promise<Started> => {
    let timer: unknown;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new HeadwayError("timeout")), startTimeoutMs);
    });
    return Promise.race([headway.start(job, input, { ...about, key }), late]).finally(() => clearTimeout(timer));
  };

  const start = async (): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const started = await startOnce().catch(errorFrom);
      if (signal.aborted) return;
      // A mistake in what is called back is no failure of the start.
      if (!(started instanceof HeadwayError)) return begin(started);
      if (!started.retryable || attempt >= maxAttempts) return fail(started, "start");
      const backoff = random() * (backoffMs[attempt - 1] ?? backoffMs.at(-1) ?? 0);
      await pause(Math.max(50, backoff, started.retryAfterMs));
    }
  };

  const cancelNow = () => {
    if (handle && cancelling) handle.cancel(cancelling.reason).catch((error) => fail(errorFrom(error), "run"));
  };

  const begin = (started: Started) => {
    handle = started.run;
    try {
      callbacks.onStarted?.(started);
    } finally {
      watch(handle); // a mistake in what is called back does not leave the run without anybody who watches it
    }
  };

  const watch = (handle: RunHandle) => {
    cancelNow();
    const timer = setTimeout(() => callbacks.onStillRunning?.(last?.run ?? null), stillRunningMs);
    const end = handle.subscribe(show);
    signal.addEventListener("abort", () => {
      endWaiting();
      end();
    });
    endWaiting = () => clearTimeout(timer);
    show();
  };

  const showConnection = ({ connection, error }: RunState, before: RunState | undefined) => {
    if (connection === before?.connection) return;
    callbacks.onConnection?.(connection);
    if (error) fail(error, "connection");
    else if (maxReconnects !== undefined && connection.attempt > maxReconnects) {
      stopping.abort();
      const words = "It could not be reached for a while, and is not watched any more. The run goes on.";
      fail(new HeadwayError(connection.trouble?.category ?? "network", words), "connection");
    }
  };

  const showItems = (run: Snapshot) => {
    for (const [name, item] of Object.entries(run.items)) {
      if (item.status === "finished" && items.get(name) !== item) callbacks.onItem?.(item.data, item, name);
      items.set(name, item);
    }
  };

  const showEnd = (run: Snapshot) => {
    endWaiting();
    if (isGood(run)) return callbacks.onComplete?.(run.result, run);
    const { code, retryable } = run.error ?? { code: run.status ?? "failed", retryable: true };
    callbacks.onError?.({ message: whyFailed(run), code, retryable, during: "run" }, run);
  };

  const show = () => {
    const state = handle?.getSnapshot();
    if (!state || signal.aborted || state === last) return;
    const before = last;
    last = state;
    showConnection(state, before);
    const { run } = state;
    if (!run || run === before?.run || signal.aborted) return;
    showItems(run);
    const { timestamp, ...data } = dataOf(run, now());
    if (JSON.stringify(data) !== told) callbacks.onProgress?.({ ...data, timestamp }, run);
    told = JSON.stringify(data);
    if (isNewEnd(run, before?.run)) showEnd(run);
  };

  void start();
  return {
    run: () => handle,
    cancel(reason) {
      cancelling = { reason };
      cancelNow();
    },
    stop: () => stopping.abort(),
  };
}
