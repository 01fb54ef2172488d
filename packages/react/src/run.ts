import type { ConnectionInfo, Headway, RunHandle, RunState, Snapshot } from "@headway-run/client";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useHeadway } from "./provider.ts";

export interface UseRunOptions {
  /** Another client than the provider's. */
  client?: Headway;
  /** What is known of the run already, as from the answer that created it: shown until the server says more. */
  snapshot?: Snapshot | null;
  /** @defaultValue 16; a burst of events is drawn once in this time. */
  everyMs?: number;
}

/** What a view shows of a run, and the handle to command it. */
export type UsedRun = RunState & { readonly handle: RunHandle };

/**
 * Watch a run. All views of a page share one connection to it, which opens with the first and closes a moment after the
 * last; React's StrictMode and a view that is moved cost no second one.
 *
 * @param target A run id; its address; or the address of a stream in your own application.
 */
export function useRun(target: string, { client, snapshot, everyMs }: UseRunOptions = {}): UsedRun {
  const nearest = useHeadway();
  const headway = client ?? nearest;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the snapshot only seeds a run nobody has seen yet
  const handle = useMemo(() => headway.run(target, snapshot), [headway, target]);
  const subscribe = useCallback((changed: () => void) => handle.subscribe(changed, everyMs), [handle, everyMs]);
  const state = useSyncExternalStore(subscribe, handle.getSnapshot, handle.getSnapshot);
  return useMemo(() => ({ ...state, handle }), [state, handle]);
}

/** Watch how the connection to a run stands, and nothing else of it: drawn only when that changes. */
export function useConnection(target: string, { client }: Pick<UseRunOptions, "client"> = {}): ConnectionInfo {
  const nearest = useHeadway();
  const headway = client ?? nearest;
  const handle = useMemo(() => headway.run(target), [headway, target]);
  const connection = useCallback(() => handle.getSnapshot().connection, [handle]);
  return useSyncExternalStore(handle.subscribe, connection, connection);
}
