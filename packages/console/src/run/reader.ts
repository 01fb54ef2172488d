/**
 * Reads some kinds of events of a run, all of them, from the first: history page by page, then live ones.
 *
 * The log is the truth. Live events are taken as they come while each follows on the last; where one is missing - a
 * snapshot stood for it, the connection broke - the pages are read on from where everything is known.
 */

import { HeadwayError, type RunEvent } from "@headway-run/client";

/** A part of the log, as `GET /v1/runs/{id}/events` answers. */
export interface LogPage {
  events: RunEvent[];
  /** Where the next page begins. */
  cursor: string;
  /** Seq of the log's last event. */
  head: number;
  more: boolean;
  partial: boolean;
}

/** Read a page of the log after a cursor; null: from its beginning. */
export type ReadPage = (after: string | null, signal: AbortSignal) => Promise<LogPage>;

export interface ReaderState {
  /** Events of the log that were looked at so far, of how many there are. */
  readonly seen: number;
  readonly head: number;
  /** Everything up to the head is here. */
  readonly complete: boolean;
  /** The beginning of the log, or lines of it, have been trimmed. */
  readonly partial: boolean;
  /** Why reading on failed; it is tried again. */
  readonly error: HeadwayError | null;
}

export interface ReaderOptions {
  readPage: ReadPage;
  /** @param event Of the log, as it is stored. */
  wants: (event: RunEvent) => boolean;
  /** Gets events once each, in order. */
  onEvents: (events: readonly RunEvent[]) => void;
  onState: (state: ReaderState) => void;
  /** Milliseconds before a page that could not be read is asked for again. */
  retryMs?: number;
}

export interface Reader {
  start(): void;
  stop(): void;
  /** An event came by the stream. */
  live(event: RunEvent): void;
  /** The run is known to be at this seq, with the cursor of it. */
  known(seq: number, cursor: string): void;
}

const RETRY_MS = 3_000;

/** Whether it is tried again. No proxy has the last word: it has no such page, or one to sign in, while the server is away. */
export function mayHeal({ category, problem, retryable }: HeadwayError): boolean {
  return retryable || (!problem.code && /not_found|protocol/.test(category));
}

export function createReader({ readPage, wants, onEvents, onState, retryMs = RETRY_MS }: ReaderOptions): Reader {
  let state: ReaderState = { seen: 0, head: 0, complete: false, partial: false, error: null };
  let cursor: string | null = null;
  let life: AbortController | undefined;
  let reading = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const change = (changes: Partial<ReaderState>) => {
    state = { ...state, ...changes };
    onState(state);
  };

  const take = (events: readonly RunEvent[], seen: number) => {
    const fresh = events.filter((event) => event.seq > state.seen && wants(event));
    if (fresh.length > 0) onEvents(fresh);
    const head = Math.max(state.head, seen);
    change({ seen: Math.max(state.seen, seen), head, complete: seen >= head, error: null });
  };

  /** Read pages until nothing is missing. */
  const read = async (signal: AbortSignal) => {
    do {
      const page = await readPage(cursor, signal);
      if (signal.aborted) return;
      cursor = page.cursor;
      state = { ...state, head: Math.max(state.head, page.head), partial: state.partial || page.partial };
      take(page.events, page.more ? (page.events.at(-1)?.seq ?? state.seen) : page.head);
      if (!page.more && state.seen >= state.head) return;
    } while (!signal.aborted);
  };

  const recover = (error: unknown) => {
    const trouble = error instanceof HeadwayError ? error : new HeadwayError("protocol");
    const oldest = (trouble.problem as { oldest?: unknown }).oldest;
    if (trouble.category === "expired" && typeof oldest === "string") {
      // A log that is trimmed all the time may be trimmed there, too, by then.
      timer = setTimeout(catchUp, state.partial ? retryMs : 0);
      cursor = oldest;
      change({ partial: true });
    } else {
      change({ error: trouble });
      if (mayHeal(trouble)) timer = setTimeout(catchUp, retryMs);
    }
  };

  const catchUp = () => {
    if (!life || reading) return;
    clearTimeout(timer);
    const { signal } = life;
    reading = true;
    read(signal)
      .finally(() => {
        reading = false;
        if (signal.aborted) catchUp(); // it may have been started again meanwhile
      })
      .catch((error: unknown) => {
        if (!signal.aborted) recover(error);
      });
  };

  return {
    start() {
      if (life) return;
      life = new AbortController();
      catchUp();
    },

    stop() {
      life?.abort();
      life = undefined;
      clearTimeout(timer);
    },

    live(event) {
      if (!reading && state.complete && event.seq === state.seen + 1) take([event], event.seq);
      else if (event.seq > state.seen) {
        state = { ...state, head: Math.max(state.head, event.seq) };
        catchUp();
      }
    },

    known(seq, at) {
      if (seq > state.seen) {
        state = { ...state, head: Math.max(state.head, seq) };
        catchUp();
      } else if (seq === state.seen && !reading) cursor = at;
    },
  };
}
