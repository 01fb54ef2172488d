import type { Headway, RunHandle, RunState, Snapshot } from "@headway-run/client";
import { useMemo, useSyncExternalStore } from "react";
import { useHeadway } from "./provider.ts";
import { createShown, UNCONNECTED } from "./shown.ts";

export interface UseRunOptions {
  /** Another client than the provider's. */
  client?: Headway | undefined;
  /** What is known of the run already, as from the answer that created it: shown until the server says more. */
  snapshot?: Snapshot | null | undefined;
  /** @defaultValue 33; a burst of events is drawn once in so many milliseconds. */
  everyMs?: number | undefined;
}

/** What a view shows of a run, and the handle to command it. */
export interface UsedRun extends RunState {
  /** Null while there is no run to watch. */
  readonly handle: RunHandle | null;
}

const NOTHING: RunState = { run: null, live: null, connection: UNCONNECTED, error: null };

/**
 * Watch a run. All views of a page share one connection to it, which opens with the first and closes a moment after the
 * last; React's StrictMode and a view that is moved cost no second one.
 *
 * @param target A run id; its address; the address of a stream in your own application; null or undefined: nothing yet.
 */
export function useRun(target: string | null | undefined, { client, snapshot, everyMs }: UseRunOptions = {}): UsedRun {
  const nearest = useHeadway();
  const headway = client ?? nearest;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the snapshot only seeds a run nobody has seen yet
  const handle = useMemo(() => (target == null ? null : headway.run(target, snapshot)), [headway, target]);
  const shown = useMemo(() => createShown(handle, NOTHING, everyMs), [handle, everyMs]);
  const state = useSyncExternalStore(shown.subscribe, shown.state, shown.state);
  return useMemo(() => ({ ...state, handle }), [state, handle]);
}
