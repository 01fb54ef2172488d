import type { ConnectionInfo, Headway, RunHandle, RunState, Snapshot } from "@headway-run/client";
import { useMemo, useSyncExternalStore } from "react";
import { useHeadway } from "./provider.ts";

export interface UseRunOptions {
  /** Another client than the provider's. */
  client?: Headway | undefined;
  /** What is known of the run already, as from the answer that created it: shown until the server says more. */
  snapshot?: Snapshot | null | undefined;
  /** @defaultValue 16; a burst of events is drawn once in so many milliseconds. */
  everyMs?: number | undefined;
}

/** What a view shows of a run, and the handle to command it. */
export interface UsedRun extends RunState {
  /** Null while there is no run to watch. */
  readonly handle: RunHandle | null;
}

/** What is shown, as React wants to be told of it. */
interface Shown {
  subscribe(changed: () => void): () => void;
  state(): RunState;
  connection(): ConnectionInfo;
}

const NOTHING: RunState = {
  run: null,
  live: null,
  connection: { state: "idle", transport: "sse", attempt: 0, retryAt: null, trouble: null },
  error: null,
};

/**
 * Watch a run. All views of a page share one connection to it, which opens with the first and closes a moment after the
 * last; React's StrictMode and a view that is moved cost no second one.
 *
 * @param target A run id; its address; the address of a stream in your own application; null: nothing yet.
 */
export function useRun(target: string | null, options: UseRunOptions = {}): UsedRun {
  const [handle, shown] = useShown(target, options);
  const state = useSyncExternalStore(shown.subscribe, shown.state, shown.state);
  return useMemo(() => ({ ...state, handle }), [state, handle]);
}

/** Watch how the connection to a run stands, and nothing else of it: drawn only when that changes. */
export function useConnection(target: string | null, options: Pick<UseRunOptions, "client"> = {}): ConnectionInfo {
  const [, { connection, subscribe }] = useShown(target, options);
  return useSyncExternalStore(subscribe, connection, connection);
}

function useShown(target: string | null, { client, snapshot, everyMs }: UseRunOptions): [RunHandle | null, Shown] {
  const nearest = useHeadway();
  const headway = client ?? nearest;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the snapshot only seeds a run nobody has seen yet
  const handle = useMemo(() => (target === null ? null : headway.run(target, snapshot)), [headway, target]);
  return [handle, useMemo(() => createShown(handle, everyMs), [handle, everyMs])];
}

/**
 * Hold the state still between two calls of `changed`. React compares it after every render and draws again when it
 * moved: read from the run itself, a fast stream would be drawn without a pause.
 */
function createShown(handle: RunHandle | null, everyMs: number | undefined): Shown {
  let state = handle?.getSnapshot() ?? NOTHING;
  const subscribe = (changed: () => void) => {
    if (handle === null) return () => {};
    const show = () => {
      state = handle.getSnapshot();
      changed();
    };
    const end = handle.subscribe(show, everyMs);
    state = handle.getSnapshot(); // what happened between drawing and this
    return end;
  };
  return { subscribe, state: () => state, connection: () => state.connection };
}
