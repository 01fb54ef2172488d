/**
 * The list of runs as it changes: a page from `GET /v1/runs`, kept true by the live list of PROTOCOL.md 9.5.
 *
 * What is shown moves only when somebody asks for it: runs that are new are counted, not put above a row that a finger
 * is about to touch. Rows change where they stand, and a run that does not belong to the list any more leaves it.
 *
 * @packageDocumentation
 */

import type { Address } from "./address.ts";
import { type ConnectionInfo, createConnection } from "./connection.ts";
import { throttle } from "./environment.ts";
import type { HeadwayError } from "./errors.ts";
import type { Headway } from "./headway.ts";
import { changedIn, inPlace, keepRows, newOnes } from "./rows.ts";
import { sse } from "./stream.ts";
import type { Feed } from "./transport.ts";
import type { RunPage, RunQuery, RunSummary } from "./wire.ts";

/** How long a connection outlives its last viewer. */
const LINGER_MS = 1_000;
/** Time between two looks at a page, where there is no stream. */
const LOOK_MS = 3_000;
/** As many as a server lists at once. */
const LIMIT_MAX = 200;
const LIMIT = 50;

/** What there is to be shown. The same object until something in it changes. */
export interface ListState {
  /** Newest first; null as long as nothing came. */
  readonly runs: readonly RunSummary[] | null;
  /** Runs that are new and not shown. */
  readonly fresh: number;
  /** Pass it as `page` to see the runs after these; null: there are none. */
  readonly next: string | null;
  readonly connection: ConnectionInfo;
  /** Why watching ended for good, in words for people; null while it goes on. */
  readonly error: HeadwayError | null;
}

/**
 * A list that can be watched. It opens its connection with the first view and closes it a moment after the last.
 *
 * Its functions need no `this`.
 */
export interface ListHandle {
  /** Watch: `listener` is called at a change and then at most once every `everyMs` (33). Returns how to end it. */
  subscribe(listener: () => void, everyMs?: number): () => void;
  getSnapshot(): ListState;
  /** Show the newest runs, those counted as `fresh` among them. Resolves when they are shown, or cannot be. */
  showFresh(): Promise<void>;
  /** Connect anew at once, also after a final error. */
  reconnect(): void;
}

/**
 * Make a list of runs to be watched. Nothing is opened before somebody does.
 *
 * @param which As for `headway.runs`. With `page` there is no stream, as only the newest runs have one: it is looked at
 * every few seconds. So are the newest runs where tabs share their connection.
 */
export function createList(headway: Headway, which: RunQuery = {}): ListHandle {
  const query: RunQuery = JSON.parse(JSON.stringify(which)); // without what is undefined
  const { shared } = headway;
  const { environment } = shared;
  const { limit = LIMIT, page } = query;
  const isNewest = page === undefined;
  // Only the newest runs have one; and twelve tabs that share a connection have none left for lists.
  const hasStream = isNewest && !shared.stream.acrossTabs;
  const newest = Math.min(2 * limit, LIMIT_MAX);
  const viewers = new Set<() => void>();
  let runs: readonly RunSummary[] | null = null;
  /** Undefined: not known yet. */
  let next: string | null | undefined;
  /** The newest runs, more than are shown: one that moves down is still followed. */
  let known: readonly RunSummary[] = [];
  let state: ListState | undefined;
  let watched = 0;
  let lingering: unknown;
  let load: Promise<void> | undefined;
  /** Runs that left the list while its page was on the way. */
  let gone: readonly string[] = [];

  const flush = () => {
    state = undefined;
    for (const viewer of viewers) viewer();
  };

  const show = (shown: RunPage) => {
    const live = new Map(known.map((run) => [run.id, run]));
    // The stream knows percent and message of this moment, the page those that were stored last.
    const best = (run: RunSummary) => [live.get(run.id)].find((one) => one && one.seq >= run.seq) ?? run;
    const rows = shown.runs.filter(({ id }) => !gone.includes(id)).map(best);
    runs = keepRows(runs, rows.length > 0 ? rows : known.slice(0, limit));
    next = shown.next;
    flush();
  };

  /** Ask for the page that is shown. What hinders it, hinders the connection, too, which tells of it. */
  const look = (): Promise<void> => {
    if (load) return load;
    gone = [];
    load = headway
      .runs({ ...query, limit })
      .then(show, () => {})
      .finally(() => {
        load = undefined;
      });
    return load;
  };

  /** Take what is known of the newest runs. */
  const learn = (all: readonly RunSummary[]) => {
    known = all;
    const rows = inPlace(runs ?? [], all, newest);
    const empty = rows.length === 0; // above nothing there is nothing to be moved
    runs = keepRows(runs, empty ? all.slice(0, limit) : rows);
    if (empty && all.length > 0) void look();
  };

  const feed: Feed = {
    live: null,
    partial: false,
    flush,
    position: null,
    notices: new Map(),
    ended: () => false,
    notice() {},
    // What polling brings.
    replace(came) {
      const polled = came as unknown as RunPage;
      if (isNewest) learn(polled.runs);
      else show(polled);
    },
    // What the stream brings: all of the newest, or those that changed.
    apply(came) {
      const { runs: changed, removed } = came as unknown as { runs: RunSummary[]; removed?: string[] };
      if (load && removed) gone = [...gone, ...removed];
      learn(removed ? changedIn(known, changed, removed) : changed);
      return "applied";
    },
  };

  const { info, reconnect, start, stop } = createConnection(
    listAddress(shared.baseUrl, isNewest ? { ...query, limit: newest } : query),
    feed,
    // What runs do in place of a stream of their own, a list does not.
    { ...shared, stream: sse, pollMs: shared.pollMs || LOOK_MS, transport: hasStream ? shared.transport : "poll" },
  );

  const begin = () => {
    environment.clearTimeout(lingering);
    start();
    if (watched++ === 0 && isNewest) void look();
  };

  return {
    reconnect,
    showFresh: () => (load ? load.then(look) : look()), // one that is under way may be too early
    subscribe(listener, everyMs = 33) {
      const [call, cancel] = throttle(environment, everyMs, listener);
      viewers.add(call);
      begin();
      return () => {
        if (!viewers.delete(call)) return;
        cancel();
        if (--watched === 0) lingering = environment.setTimeout(stop, LINGER_MS);
      };
    },
    getSnapshot() {
      const connection = info();
      const error = connection.state === "failed" ? connection.trouble : null;
      state ??= { runs, fresh: newOnes(runs ?? known, next === null, known), next: next ?? null, connection, error };
      return state;
    },
  };
}

function listAddress(baseUrl: string, query: RunQuery): Address {
  // A list becomes its values with commas between them.
  const search = `?${new URLSearchParams(query as Record<string, string>)}`;
  const state = `${baseUrl}/v1/runs${search}`;
  return { self: undefined, stream: `${baseUrl}/v1/runs/stream${search}`, state, events: state };
}
