import type { Headway, RunSearch } from "@headway-run/client";
import { createList, type ListHandle, type ListState } from "@headway-run/client/list";
import { useMemo, useSyncExternalStore } from "react";
import { useHeadway } from "./provider.ts";
import { createShown, UNCONNECTED } from "./shown.ts";

export interface UseRunsOptions {
  /** Another client than the provider's. */
  client?: Headway | undefined;
  /** @defaultValue 33; a burst of changes is drawn once in so many milliseconds. */
  everyMs?: number | undefined;
}

/** What a view shows of a list of runs, and the handle to command it. */
export interface UsedRuns extends ListState {
  /** Show the runs that are counted as `fresh`, too. */
  showFresh(): Promise<void>;
  readonly handle: ListHandle;
}

const NOTHING: ListState = {
  runs: null,
  fresh: 0,
  next: null,
  incomplete: false,
  connection: UNCONNECTED,
  error: null,
};

/**
 * Watch a list of runs: newest first, each row as it is now. New runs are not put above what is shown, where somebody may
 * be about to click, but counted: offer `fresh` of them, and call `showFresh`.
 *
 * @param query As for `headway.runs`; another query is another list. What is undefined, and an empty list of statuses, is
 * no filter. `page` is the `next` of the page before. With `q` runs are looked for, again every few seconds: there is no stream
 * of what is found. Where `incomplete` is true older runs were not looked at; offer `next` as `page`.
 */
export function useRuns(query: RunSearch = {}, { client, everyMs }: UseRunsOptions = {}): UsedRuns {
  const nearest = useHeadway();
  const headway = client ?? nearest;
  const key = JSON.stringify(query, withoutEmpty); // written anew at every render, it is the same list
  const handle = useMemo(() => createList(headway, JSON.parse(key) as RunSearch), [headway, key]);
  const shown = useMemo(() => createShown(handle, NOTHING, everyMs), [handle, everyMs]);
  const state = useSyncExternalStore(shown.subscribe, shown.state, shown.state);
  return useMemo(() => ({ ...state, handle, showFresh: handle.showFresh }), [state, handle]);
}

/** A filter in which nothing was chosen asks for nothing in particular. */
function withoutEmpty(_key: string, value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}
