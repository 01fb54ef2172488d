/**
 * How all connections of a page stand and stood: for a pill, a dialog, a report to whoever runs the server.
 *
 * @packageDocumentation
 */

import type { ConnectionInfo } from "./connection.ts";
import { browser, type Environment } from "./environment.ts";
import type { HeadwayError } from "./errors.ts";
import type { ConnectionState } from "./machine.ts";
import type { Note } from "./note.ts";
import type { Log } from "./status/log.ts";
import { maskedAddress, maskedError } from "./status/masked.ts";
import { createMeter, type Metrics } from "./status/metrics.ts";
import { connectionWords, errorWords, type Words } from "./status/words.ts";

export { createLog, type Log, type LogLevel, type LogOptions } from "./status/log.ts";
export type { Metrics, Moment, Spans } from "./status/metrics.ts";
export { connectionWords, ERROR_WORDS, errorWords, STATE_WORDS, type Words } from "./status/words.ts";

/** From bad to good: all runs together stand as the worst of them. */
const ORDER: readonly ConnectionState[] = [
  "failed",
  "offline",
  "backoff",
  "stale",
  "connecting",
  "live",
  "follower",
  "closed",
  "idle",
];
/** A request that waits for news: how long it takes says nothing. */
const WAITS = /[?&]wait=[1-9]/;

/** How all connections stand. The same object until something in it changes. */
export interface StatusState extends Words {
  /** Of the run that stands worst; `idle` when none is watched. */
  readonly state: ConnectionState;
  /** Each run that is watched, by the address of its stream. */
  readonly runs: Readonly<Record<string, ConnectionInfo>>;
}

/** Watching a run ended for good, in words for people. */
export interface Failure extends Words {
  /** Address of the run's stream. */
  readonly run: string;
  readonly error: HeadwayError;
}

export interface StatusOptions {
  /** What is observed is told to it, too. */
  log?: Log | undefined;
  /** Used in place of the global `fetch`. */
  fetch?: Environment["fetch"] | undefined;
  environment?: Environment | undefined;
}

/** Its functions need no `this`. */
export interface Status {
  /** For `observe` of `Headway`. */
  observe(note: Note): void;
  /** For `fetch` of `Headway`: measures how long requests take. */
  fetch: Environment["fetch"];
  /** Be called when the state of a run changes. Returns a function that ends it. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): StatusState;
  /** Return the numbers as of now. */
  getMetrics(): Metrics;
  /**
   * Return all of it as JSON text, to be copied into a mail or an issue: without tokens, queries, keys in addresses,
   * payloads, and words of the server's.
   */
  copyReport(): string;
  /** Be told when watching a run ends for good. Returns a function that ends it. */
  onFailure(listener: (failure: Failure) => void): () => void;
}

/**
 * Keep an eye on all connections of a client.
 *
 * ```ts
 * const status = createStatus({ log: createLog() });
 * const headway = new Headway({ observe: status.observe, fetch: status.fetch });
 * ```
 */
export function createStatus({ log, fetch, environment = browser }: StatusOptions = {}): Status {
  const { now } = environment;
  const meter = createMeter(now);
  const viewers = new Set<() => void>();
  const listeners = new Set<(failure: Failure) => void>();
  let state = stateOf({});

  const show = (run: string, info: ConnectionInfo) => {
    if (state.runs[run] === info) return;
    const { [run]: _before, ...others } = state.runs;
    state = stateOf(info.state === "idle" ? others : { ...others, [run]: info });
    for (const viewer of viewers) call(viewer);
  };

  return {
    observe(note) {
      const { run, info, sign } = note;
      meter.count(note);
      if (log) call(() => log.observe(note));
      show(run, info);
      if (sign !== "refused" || !info.trouble) return;
      const failure = { run, error: info.trouble, ...errorWords(info.trouble) };
      for (const listener of listeners) call(() => listener(failure));
    },
    async fetch(url, init) {
      const began = now();
      const response = await (fetch ?? environment.fetch)(url, init);
      if (!WAITS.test(url)) meter.answered(now() - began);
      return response;
    },
    subscribe(listener) {
      const own = () => listener();
      viewers.add(own);
      return () => viewers.delete(own);
    },
    getSnapshot: () => state,
    getMetrics: meter.read,
    copyReport() {
      const runs = Object.entries(state.runs).map(([run, { trouble, ...info }]) => ({
        ...{ run: maskedAddress(run), ...info, trouble: trouble && maskedError(trouble) },
      }));
      const { userAgent = null, onLine = null } = globalThis.navigator ?? {};
      const place = { userAgent, onLine, hidden: environment.isHidden() };
      const made = new Date(now()).toISOString();
      return JSON.stringify({ report: "headway", made, state: state.state, runs, ...meter.read(), ...place }, null, 2);
    },
    onFailure(listener) {
      const own = (failure: Failure) => listener(failure);
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}

function stateOf(runs: Readonly<Record<string, ConnectionInfo>>): StatusState {
  const infos = Object.values(runs);
  const state = ORDER.find((one) => infos.some((info) => info.state === one)) ?? "idle";
  const transport = infos.some((info) => info.state === state && info.transport === "poll") ? "poll" : "sse";
  return { ...connectionWords({ state, transport }), state, runs };
}

/** Call what is the application's: its mistake is reported like any other, and nothing else suffers from it. */
function call(work: () => void): void {
  try {
    work();
  } catch (error) {
    void Promise.reject(error);
  }
}
