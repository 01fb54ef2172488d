import type { ConnectionState, Headway, HeadwayError, RunEvent, Snapshot } from "@headway-run/client";
import { EMPTY } from "@headway-run/client/fold";
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { derived } from "./derived.ts";
import { useHeadway } from "./provider.ts";
import { createStream, streamAddress } from "./stream.ts";

const UP_TO_DATE: readonly ConnectionState[] = ["live", "follower", "closed"];

export interface UseSSEOptions {
  /**
   * Families or types of events to get, as `["item", "run.failed"]`. `data` is then true as of its snapshot, and of these.
   *
   * @defaultValue all
   */
  types?: readonly string[] | undefined;
  /**
   * Where `onEvent` begins: `earliest`, with the first event of the log; else with what happens from now on, which what is
   * already there, the snapshot, leads up to.
   *
   * @defaultValue "snapshot"
   */
  from?: "snapshot" | "earliest" | undefined;
  /** Longest waits before the 1st, 2nd, … try after a break, in milliseconds; the last one stays. */
  retry?: readonly number[] | undefined;
  /** After so many milliseconds without a byte the connection counts as dead, and is made anew. */
  timeout?: number | undefined;
  /** @defaultValue "auto"; `poll` opens no stream. */
  transport?: "auto" | "poll" | undefined;
  /** Told of every event that comes, once and in order. */
  onEvent?: ((event: RunEvent) => void) | undefined;
  /** Another client than the provider's. */
  client?: Headway | undefined;
}

export interface UsedSSE {
  /** The run as it is now, or null as long as nothing came. */
  readonly data: Snapshot | null;
  /** The last event that came, or null. */
  readonly event: RunEvent | null;
  /** Why it ended for good, in words for people; null while it goes on. */
  readonly error: HeadwayError | null;
  /** What is shown is up to date; also when the run has ended, and there is nothing more to come. */
  readonly isConnected: boolean;
  /** Connect anew at once, also after a final error. */
  reconnect(): void;
}

/**
 * Follow a stream by its address: a run of Headway, or a route of your own that answers with `hw.stream`. It resumes, falls
 * back to polling and comes back, as `useRun` does, which also has the commands.
 *
 * @param url null or undefined: nothing yet.
 */
export function useSSE(url: string | null | undefined, options: UseSSEOptions = {}): UsedSSE {
  const { client, from, onEvent, retry, timeout, transport } = options;
  const nearest = useHeadway();
  const wishes = JSON.stringify({ backoffMs: retry, silentMs: timeout, transport });
  const headway = useMemo(() => derived(client ?? nearest, wishes), [client, nearest, wishes]);
  const types = options.types?.join(",") ?? "";
  const told = useRef(onEvent);
  useEffect(() => {
    told.current = onEvent;
  }, [onEvent]);
  const { subscribe, state, reconnect } = useMemo(() => {
    const known = from === "earliest" ? EMPTY : null;
    const run = url == null ? null : headway.run(streamAddress(url, types, from), known);
    return { ...createStream(run, types, (event) => told.current?.(event)), reconnect: () => run?.reconnect() };
  }, [headway, url, types, from]);
  const { event, run, connection, error } = useSyncExternalStore(subscribe, state, state);
  return {
    data: run?.seq ? run : null,
    event,
    error,
    isConnected: UP_TO_DATE.includes(connection.state),
    reconnect,
  };
}
