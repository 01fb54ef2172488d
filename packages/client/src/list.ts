/**
 * The list of runs as it changes: a page from `GET /v1/runs`, kept true by the live list of PROTOCOL.md 9.5.
 *
 * What is shown moves only when somebody asks for it: runs that are new are counted, not put above a row that a finger
 * is about to touch. Rows change where they stand, and a run that does not belong to the list any more leaves it.
 *
 * Runs that are looked for (`q`) have no live list: they are asked for again and again.
 *
 * @packageDocumentation
 */

import type { Address } from "./address.ts";
import { type ConnectionInfo, createConnection, OPEN_MS } from "./connection.ts";
import { throttle } from "./environment.ts";
import type { HeadwayError } from "./errors.ts";
import type { Headway } from "./headway.ts";
import { changedIn, inPlace, keepRows, newOnes } from "./rows.ts";
import { sse } from "./stream.ts";
import type { Feed, Link } from "./transport.ts";
import type { RunPage, RunQuery, RunSearch, RunSummary } from "./wire.ts";

/** How long a connection outlives its last viewer. */
const LINGER_MS = 1_000;
/** Time between two looks at a page, where there is no stream. */
const LOOK_MS = 3_000;
/** As many as a server lists at once. */
const LIMIT_MAX = 200;
const LIMIT = 50;
/** Pages that are gone through for words, as one may be empty and have more behind it. */
const PAGES_MAX = 5;

/** What there is to be shown. The same object until something in it changes. */
export interface ListState {
  /** Newest first; null as long as nothing came. */
  readonly runs: readonly RunSummary[] | null;
  /** Runs that are new and not shown. */
  readonly fresh: number;
  /** Pass it as `page` to see the runs after these; null: there are none. */
  readonly next: string | null;
  /** The search ended before it had found a page, and before it had seen all runs: more may be found behind `next`. */
  readonly incomplete: boolean;
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
 * every few seconds. So are the newest runs where tabs share their connection, and runs that are looked for (`q`): through up
 * to five pages of the server's, and the less often the more of them it takes.
 */
export function createList(headway: Headway, which: RunSearch = {}): ListHandle {
  const query: RunSearch = JSON.parse(JSON.stringify(which)); // without what is undefined
  const { shared } = headway;
  const { environment } = shared;
  const { limit = LIMIT, page } = query;
  const isNewest = page === undefined;
  const searches = !!query.q?.trim();
  // Only the newest runs have one; and twelve tabs that share a connection have none left for lists.
  const hasStream = isNewest && !searches && !shared.stream.acrossTabs;
  const lookMs = shared.pollMs || LOOK_MS;
  const newest = Math.min(2 * limit, LIMIT_MAX);
  const viewers = new Set<() => void>();
  let runs: readonly RunSummary[] | null = null;
  /** Undefined: not known yet. */
  let next: string | null | undefined;
  let incomplete = false;
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
    if (searches) known = rows;
    runs = keepRows(runs, rows.length > 0 ? rows : known.slice(0, limit));
    next = shown.next;
    incomplete = searches && next !== null && shown.runs.length < limit;
    flush();
  };

  /** Ask for the first so many runs of the page that is shown; in a search on through pages that are not full. */
  const find = async (most: number, link?: Link, signal?: AbortSignal): Promise<RunPage> => {
    const found: RunSummary[] = [];
    let from: RunQuery = {};
    for (let pages = 1; ; pages++) {
      link?.expect(OPEN_MS);
      const address = listAddress(shared.baseUrl, { ...query, ...from, limit: most - found.length });
      const came = await shared.json<RunPage>(address.state, signal && { signal });
      link?.retry(pages * lookMs); // the less often, the more it costs
      found.push(...came.runs);
      if (came.next === null || found.length >= most || pages >= PAGES_MAX) return { runs: found, next: came.next };
      from = { page: came.next };
    }
  };

  /** Ask for the page that is shown. What hinders it, hinders the connection, too, which tells of it. */
  const look = (): Promise<void> => {
    if (load) return load;
    gone = [];
    load = find(limit)
      .then(show, () => {})
      .finally(() => {
        load = undefined;
      });
    return load;
  };

  /** Take what is known of the newest runs; fewer than `most` are all there are. */
  const learn = (all: readonly RunSummary[], most = newest) => {
    known = all;
    const rows = inPlace(runs ?? [], all, most);
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

  /** In place of plain polling: look for runs, and let those that are shown stay where they are. */
  const search = async (link: Link, signal: AbortSignal) => {
    const stays = isNewest && runs?.length;
    const found = await find(stays ? newest : limit, link, signal);
    if (stays && found.runs.length) learn(found.runs, found.next === null ? Number.POSITIVE_INFINITY : 0);
    else show(found);
    link.tell("opened");
    link.worked();
    flush();
    return "more" as const;
  };

  const { info, reconnect, start, stop } = createConnection(
    listAddress(shared.baseUrl, isNewest ? { ...query, limit: newest } : query),
    feed,
    // What runs do in place of a stream of their own, a list does not.
    {
      ...shared,
      stream: searches ? Object.assign(sse.bind(null), { poll: search }) : sse,
      pollMs: searches ? 0 : lookMs, // a search says itself when to come back
      transport: hasStream ? shared.transport : "poll",
    },
  );

  const begin = () => {
    environment.clearTimeout(lingering);
    start();
    if (watched++ === 0 && isNewest && !searches) void look();
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
      const fresh = newOnes(runs ?? known, next === null, known);
      state ??= { runs, fresh, next: next ?? null, incomplete, connection, error };
      return state;
    },
  };
}

function listAddress(baseUrl: string, query: RunSearch): Address {
  // A list becomes its values with commas between them.
  const search = `?${new URLSearchParams(query as Record<string, string>)}`;
  const state = `${baseUrl}/v1/runs${search}`;
  return { self: undefined, stream: `${baseUrl}/v1/runs/stream${search}`, state, events: state };
}
