/** What a view made of some kinds of a run's events: kept while the run's page is open, read on while the view is. */

import type { EventType, RunEvent, RunHandle } from "@headway-run/client";
import { ask } from "../api.ts";
import { createReader, type LogPage, type ReaderState } from "./reader.ts";

/** A burst of events is drawn once in so many milliseconds. */
const EVERY_MS = 100;
const PAGE = 1_000;

export interface LogView<Folded> extends ReaderState {
  readonly folded: Folded;
  /** Another number when something was added to `folded`. */
  readonly version: number;
}

export interface LogStore<Folded> {
  subscribe(listener: () => void): () => void;
  getSnapshot(): LogView<Folded>;
}

/**
 * @param types Event types and families that are read.
 * @param folded What the events are put into.
 */
export function createLogStore<Folded extends { apply(events: readonly RunEvent[]): void }>(
  runId: string,
  handle: RunHandle,
  types: readonly string[],
  folded: Folded,
): LogStore<Folded> {
  const listeners = new Set<() => void>();
  let view: LogView<Folded> = { folded, version: 0, seen: 0, head: 0, complete: false, partial: false, error: null };
  let version = 0;
  let state: ReaderState = view;
  let due = false;

  const flush = () => {
    due = false;
    view = { ...state, folded, version };
    for (const listener of listeners) listener();
  };
  const changed = () => {
    if (due) return;
    due = true;
    setTimeout(flush, EVERY_MS);
  };

  const search = new URLSearchParams([["limit", `${PAGE}`], ...types.map((type) => ["type", type])]);
  const reader = createReader({
    readPage: (after, signal) =>
      ask<LogPage>(`/v1/runs/${encodeURIComponent(runId)}/events?${search}${after ? `&after=${after}` : ""}`, signal),
    wants: ({ type }) => types.includes(type) || types.includes(familyOf(type)),
    onEvents: (events) => {
      folded.apply(events);
      version++;
      changed();
    },
    onState: (now) => {
      state = now;
      changed();
    },
  });

  const begin = () => {
    const ends = [
      handle.on("*", reader.live),
      handle.subscribe(() => {
        const { run } = handle.getSnapshot();
        if (run) reader.known(run.seq, run.cursor);
      }),
    ];
    reader.start();
    return () => {
      reader.stop();
      for (const end of ends) end();
    };
  };

  let end: (() => void) | undefined;
  return {
    getSnapshot: () => view,
    subscribe(listener) {
      listeners.add(listener);
      end ??= begin();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        end?.();
        end = undefined;
      };
    },
  };
}

function familyOf(type: EventType): string {
  return type.split(".")[0] ?? type;
}
