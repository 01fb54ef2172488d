/** The shortest way to a live page: one function, no framework. */

import type { ConnectionInfo } from "./connection.ts";
import type { RunEvent, Snapshot } from "./contract.gen.ts";
import { browser, throttle } from "./environment.ts";
import type { HeadwayError } from "./errors.ts";
import { Headway, type HeadwayOptions } from "./headway.ts";
import { isEnded } from "./transitions.ts";

export interface WatchOptions extends HeadwayOptions {
  /** The run's state, at once and after every change, at most once per `everyMs`. */
  onState?: (run: Snapshot) => void;
  /** Every event that comes, in order. */
  onEvent?: (event: RunEvent) => void;
  /** The connection's state, whenever it changes. */
  onConnection?: (connection: ConnectionInfo) => void;
  /** The run has ended. Called again when it was retried and ended again. */
  onEnd?: (run: Snapshot) => void;
  /** Watching ended for good: the run does not exist, or is somebody else's. */
  onError?: (error: HeadwayError) => void;
  /** @defaultValue 16 */
  everyMs?: number;
  /** Watch through this client, with its connections and its identity. */
  client?: Headway;
}

/** Redraws per second are bounded by this; nobody sees more. */
export const FRAME_MS = 16;

let shared: Headway | undefined;

function clientOf({ client, baseUrl, fetch, headers, getToken, timing, environment }: WatchOptions): Headway {
  if (client) return client;
  if ([baseUrl, fetch, headers, getToken, timing, environment].some((option) => option !== undefined)) {
    return new Headway({ baseUrl, fetch, headers, getToken, timing, environment });
  }
  shared ??= new Headway();
  return shared;
}

/**
 * Watch a run.
 *
 * @param target A run id; its address; or the address of a stream in your own application.
 * @returns A function that stops watching.
 */
export function watchRun(target: string, options: WatchOptions): () => void {
  const { onState, onEvent, onConnection, onEnd, onError, everyMs = FRAME_MS, environment = browser } = options;
  const handle = clientOf(options).run(target);
  let last: Snapshot | null = null;
  let ended = false;
  const show = () => {
    const { run } = handle.getSnapshot();
    if (run === null || run === last) return;
    last = run;
    onState?.(run);
    if (isEnded(run.status) && !ended) onEnd?.(run);
    ended = isEnded(run.status);
  };
  const [showSoon, cancel] = throttle(environment, everyMs, show);
  let connection: ConnectionInfo | undefined;
  const onChange = () => {
    const state = handle.getSnapshot();
    if (state.connection !== connection) {
      connection = state.connection;
      onConnection?.(connection);
      if (state.error) onError?.(state.error);
    }
    showSoon();
  };
  const ends = [handle.subscribe(onChange), onEvent ? handle.on("*", onEvent) : cancel];
  onChange();
  return () => {
    cancel();
    for (const end of ends) end();
  };
}
