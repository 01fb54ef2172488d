/** The shortest way to a live page: one function, no framework. */

import type { ConnectionInfo } from "./connection.ts";
import type { RunEvent, Snapshot } from "./contract.gen.ts";
import { Headway, type HeadwayOptions } from "./headway.ts";
import type { RunState } from "./run.ts";
import { isEnded } from "./transitions.ts";

export interface WatchOptions extends HeadwayOptions {
  /** The run's state, at once and after every change, at most once per `everyMs`. */
  onState?: (run: Snapshot) => void;
  /** Every event that comes, in order. */
  onEvent?: (event: RunEvent) => void;
  /** The connection's state, whenever it changes. In `failed`, `trouble` says in words why watching ended for good. */
  onConnection?: (connection: ConnectionInfo) => void;
  /** The run has ended. Called again when it was retried and ended again. */
  onEnd?: (run: Snapshot) => void;
  /** @defaultValue 33 */
  everyMs?: number;
  /** Watch through this client, with its connections and its identity. */
  client?: Headway;
}

/**
 * Watch a run.
 *
 * @param target A run id; its address; or the address of a stream in your own application.
 * @returns A function that stops watching.
 */
export function watchRun(target: string, options: WatchOptions): () => void {
  const { onState, onEvent, onConnection, onEnd, everyMs, client, ...rest } = options;
  const handle = (client ?? new Headway(rest)).run(target);
  let last: RunState | undefined;
  const show = () => {
    const before = last;
    last = handle.getSnapshot();
    const { run, connection } = last;
    if (connection !== before?.connection) onConnection?.(connection);
    if (!run || run === before?.run) return;
    onState?.(run);
    if (isEnded(run.status) && !isEnded(before?.run?.status)) onEnd?.(run);
  };
  const ends = [handle.subscribe(show, everyMs), handle.on("*", (event) => onEvent?.(event))];
  show();
  return () => {
    for (const end of ends) end();
  };
}
