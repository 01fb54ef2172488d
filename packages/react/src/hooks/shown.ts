import type { ConnectionInfo } from "@headway-run/client";

/** What is known of anything that is watched: how it is connected, and what of it is there. */
export interface Showing {
  readonly connection: ConnectionInfo;
  readonly run?: unknown;
  readonly runs?: unknown;
}

/** What can be watched: a run, a list of runs. */
export interface Watched<State = Showing> {
  subscribe(listener: () => void, everyMs?: number): () => void;
  getSnapshot(): State;
  /** Connect anew at once, also after a final error. */
  reconnect(): void;
}

/** What is shown of it, as React wants to be told. */
export interface Shown<State> {
  subscribe(changed: () => void): () => void;
  state(): State;
}

/** How it stands with the connection of nothing. */
export const UNCONNECTED: ConnectionInfo = {
  state: "idle",
  transport: "sse",
  attempt: 0,
  retryAt: null,
  trouble: null,
};

/**
 * Hold the state still between two calls of `changed`. React compares it after every render and draws again when it
 * moved: read from the run itself, a fast stream would be drawn without a pause.
 *
 * @param nothing What is shown where there is nothing to watch.
 */
export function createShown<State>(
  watched: Watched<State> | null,
  nothing: State,
  everyMs?: number | undefined,
): Shown<State> {
  let state = watched?.getSnapshot() ?? nothing;
  const subscribe = (changed: () => void) => {
    if (watched === null) return () => {};
    const show = () => {
      state = watched.getSnapshot();
      changed();
    };
    const end = watched.subscribe(show, everyMs);
    state = watched.getSnapshot(); // what happened between drawing and this
    return end;
  };
  return { subscribe, state: () => state };
}
