/**
 * Commands that arrive, whatever the network and the page do: kept in the browser until the server has answered.
 *
 * @packageDocumentation
 */

import { addressOf } from "./address.ts";
import { BACKOFF_MS } from "./connection.ts";
import { errorFrom, HeadwayError } from "./errors.ts";
import type { Headway } from "./headway.ts";
import { createHttp } from "./http.ts";
import { newId } from "./id.ts";
import { type Entry, type Queued, queuedOf, type Settled } from "./outbox/entry.ts";
import { createShelf } from "./outbox/shelf.ts";
import { hasLocks, takeTurn } from "./outbox/turns.ts";
import type { Appended } from "./wire.ts";

export type { Queued, Settled } from "./outbox/entry.ts";

const DAY_MS = 86_400_000;
/** How long the server may take to answer a command. */
const SEND_MS = 30_000;
/** Time between two tries that a person or the network asked for. */
const WAKE_MS = 1_000;
/** A request of at most so many characters goes on when its page closes; browsers keep 64 kB for that. */
const KEEPALIVE_MAX = 16_000;
/** Of 4xx, those that say "not now". All others say "never". */
const NOT_NOW: readonly number[] = [401, 408, 425, 429];
/** The two routes that create runs. */
const CREATES_RUN = /\/v1\/(jobs\/[^/]+\/)?runs$/;

export interface OutboxOptions {
  /**
   * Keeps apart who shares a browser: each name is an outbox of its own. Name the user where several sign in, so that
   * nobody's commands are sent with somebody else's token.
   *
   * @defaultValue `headway`
   */
  name?: string | undefined;
  /** After so long a command is given up. @defaultValue 24 hours */
  ttlMs?: number | undefined;
}

/** What can be said about a command. */
export interface About {
  /**
   * It is sent as `Idempotency-Key`, and what is queued under it already is not queued again: 1 to 200 visible ASCII
   * characters.
   *
   * @defaultValue a random one
   */
  id?: string;
  /** What it is, for people. */
  label?: string;
  /** In place of the outbox's. */
  ttlMs?: number;
}

/** A command of your own application. */
export interface Command extends About {
  /** Of the page's origin or of Headway's; sent by POST. */
  url: string;
  /** Sent as JSON. */
  body?: object;
}

/** What there is to be shown. The same object until something in it changes. */
export interface OutboxState {
  /** What waits for its answer, in the order in which it is sent; of all pages. */
  readonly entries: readonly Queued[];
  /** What is queued survives a reload. False where the browser stores nothing, or its disk is full. */
  readonly durable: boolean;
}

/**
 * Sends commands one after the other, in the order in which they were given, from whichever page is there to do it. Each
 * is sent until it is answered, so that it may arrive more than once, always with the same `Idempotency-Key`.
 *
 * What the server refuses (4xx, but for 401, 408, 425 and 429) is taken out; what it cannot do now, or what does not
 * reach it, stays and holds up those behind it. A page that answers in place of the server (no JSON) counts for "now".
 *
 * Its functions need no `this`.
 */
export interface Outbox {
  /**
   * Queue a command of your own application.
   *
   * @returns The server's answer, its JSON or null, when this page is still there by then.
   * @throws HeadwayError The server refused it; `timeout`: its time was over; `aborted`: it was taken back, the outbox
   *     was closed, or another page had the answer while this one was in the back/forward cache; `invalid` with code
   *     `usage`: it cannot be sent at all.
   */
  send(command: Command): Promise<unknown>;
  /**
   * Ask for a run to be stopped. `attempt`: the one that whoever asks has seen, so that a command that arrives late does
   * not stop what somebody has tried again since.
   *
   * @param run Its id or its address.
   * @throws HeadwayError `conflict` when it was tried again.
   */
  cancel(run: string, how: About & { attempt: number; reason?: string | undefined }): Promise<Appended>;
  /**
   * Try a run again. `seq`: the last one that whoever asks has seen; of two with the same only one does it.
   *
   * @throws HeadwayError `conflict` when the run has moved on since.
   */
  retry(run: string, what: About & { seq: number; items?: readonly string[] | undefined }): Promise<Appended>;
  /** Answer a question of the run. */
  answer(run: string, askId: string, data: unknown, about?: About): Promise<Appended>;
  /** Take a command back. One that is being sent may arrive nevertheless. */
  remove(id: string): Promise<void>;
  /** Take everything back, as when a user signs out. */
  clear(): Promise<void>;
  /** Try now. */
  wake(): void;
  /** Be called at every change. Returns a function that ends it. */
  subscribe(listener: () => void): () => void;
  /** Return what there is. */
  getSnapshot(): OutboxState;
  /**
   * Be told what became of each command, also of those another page queued, or this one before it was loaded anew. It
   * may be told twice, when a page dies in between. Returns a function that ends it.
   */
  onSettled(listener: (settled: Settled) => void): () => void;
  /** Let others send. What is queued stays. */
  close(): void;
}

/** What pages tell each other. */
interface Told {
  settled?: Omit<Settled, "error"> & { error: ToldError | null };
}

type ToldError = Pick<HeadwayError, "category" | "message" | "status" | "problem" | "retryAfterMs">;

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: HeadwayError): void;
}

/** Open the browser's outbox. It begins to send what is in it, as this client; one per page is enough. */
export function createOutbox({ shared }: Headway, { name = "headway", ttlMs = DAY_MS }: OutboxOptions = {}): Outbox {
  const { baseUrl, environment, backoffMs = BACKOFF_MS } = shared;
  const { now, random } = environment;
  const fetch: typeof environment.fetch = (url, init) =>
    environment.fetch(url, { ...init, keepalive: `${init.body}`.length < KEEPALIVE_MAX });
  const http = createHttp({ ...environment, fetch }, shared);
  const title = `headway-outbox:${name}`;
  const shelf = createShelf(title, environment);
  const viewers = new Set<() => void>();
  const listeners = new Set<(settled: Settled) => void>();
  const waiting = new Map<string, Waiting[]>();
  /** Ids that were queued here and are not done with, as far as is known. */
  const kept = new Set<string>();
  const closing = new AbortController();
  let state: OutboxState = { entries: [], durable: true };
  /** Ends when the page leaves; it may come back. */
  let present = new AbortController();
  let channel: BroadcastChannel;
  let draining = false;
  /** Something changed since the drainer looked; somebody asked not to wait. */
  let changed = false;
  let urged = false;
  let stopWaiting = () => {};

  // -- other pages

  const post = (told: Told) => {
    if (!present.signal.aborted) channel.postMessage(told);
  };

  const listen = () => {
    channel = new BroadcastChannel(title);
    channel.onmessage = ({ data }: MessageEvent<Told>) => {
      const { settled } = data;
      const error = settled?.error;
      if (settled) tell({ ...settled, error: error ? new HeadwayError(error.category, error.message, error) : null });
      else void drain();
    };
  };

  // -- what is there

  const show = (entries: readonly Entry[]) => {
    const time = now();
    const next = { entries: entries.map((entry) => queuedOf(entry, time)), durable: shelf.isDurable() };
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    for (const viewer of viewers) call(viewer);
  };

  const read = async () => {
    const entries = await shelf.edit(() => ({}));
    show(entries);
    return entries;
  };

  /** Change what is there, and let all pages know. */
  const edit: typeof shelf.edit = async (change) => {
    const before = await shelf.edit(change);
    await read();
    post({});
    return before;
  };

  /** End the waiting for an answer that this page will not hear. */
  const drop = (id: string, words: string) => {
    for (const { reject } of waiting.get(id) ?? []) reject(new HeadwayError("aborted", words));
    waiting.delete(id);
    kept.delete(id);
  };

  const tell = (settled: Settled) => {
    for (const { resolve, reject } of waiting.get(settled.id) ?? []) {
      if (settled.error) reject(settled.error);
      else resolve(settled.answer);
    }
    waiting.delete(settled.id);
    kept.delete(settled.id);
    for (const listener of listeners) call(() => listener(settled));
  };

  /** A command is done with: tell all pages, then forget it. Dying in between, it is told again rather than never. */
  const settle = async (entries: readonly Entry[], error: HeadwayError | null, answer: unknown = null) => {
    for (const { id, label, run } of entries) {
      const about = { id, label, run, answer };
      // What is copied of an error by itself are its own words, but not what kind of error it is.
      const told = error && { ...error, message: error.message };
      post({ settled: { ...about, error: told } });
      tell({ ...about, error });
    }
    if (entries.length > 0) await edit(() => ({ remove: entries.map(({ id }) => id) }));
  };

  // -- sending

  const request = async ({ id, url, body }: Entry): Promise<unknown> => {
    const ending = new AbortController();
    const timer = environment.setTimeout(() => ending.abort(new HeadwayError("timeout")), SEND_MS);
    try {
      const call = { headers: { "Idempotency-Key": id }, body, signal: ending.signal };
      const text = await (await http.request(url, call)).text();
      return text ? JSON.parse(text) : null;
    } catch (error) {
      throw ending.signal.aborted ? ending.signal.reason : error;
    } finally {
      environment.clearTimeout(timer);
    }
  };

  /** Change an entry that is still there. */
  const mark = (id: string, changes: Partial<Entry>) =>
    edit((entries) => {
      const entry = entries.find((one) => one.id === id);
      return { put: entry && { ...entry, ...changes } };
    });

  const failed = (entry: Entry, { message, retryAfterMs }: HeadwayError) => {
    const backoff = random() * (backoffMs[entry.tries] ?? backoffMs.at(-1) ?? 0);
    const time = now();
    return mark(entry.id, {
      ...{ tries: entry.tries + 1, sendingUntil: 0, trouble: message },
      retryAt: time + Math.max(backoff, retryAfterMs, 50),
      notBefore: time + Math.max(WAKE_MS, retryAfterMs),
    });
  };

  /** When an entry may be sent. */
  const dueAt = ({ expiresAt, notBefore, retryAt, sendingUntil }: Entry) => {
    const at = urged ? notBefore : retryAt;
    // Without locks the mark of another page is all there is to go by.
    return Math.min(expiresAt, hasLocks() ? at : Math.max(at, sendingUntil));
  };

  /** Send the first command, unless it was done or tried by another page meanwhile. */
  const sendFirst = async () => {
    const time = now();
    let first: Entry | undefined;
    const isOver = ({ expiresAt }: Entry) => expiresAt <= time;
    const entries = await edit((all) => {
      first = all.find((entry) => !isOver(entry));
      if (first && dueAt(first) > time) first = undefined;
      return { put: first && { ...first, sendingUntil: time + SEND_MS } };
    });
    urged = false;
    await settle(
      entries.filter(isOver),
      new HeadwayError("timeout", "It could not be sent in time, and was given up."),
    );
    if (!first) return;
    try {
      await settle([first], null, await request(first));
    } catch (cause) {
      const error = errorFrom(cause);
      await (isRefusal(error, first) ? settle([first], error) : failed(first, error));
    }
  };

  const waitUntil = async (at: number) => {
    if (at <= now()) return;
    await new Promise<void>((resolve) => {
      const timer = environment.setTimeout(resolve, at - now());
      stopWaiting = () => {
        environment.clearTimeout(timer);
        resolve();
      };
    });
  };

  const drain = async () => {
    changed = true;
    stopWaiting();
    if (draining) return;
    draining = true;
    try {
      while (changed && !present.signal.aborted) {
        changed = false;
        const [first] = await read();
        if (!first || present.signal.aborted) continue;
        changed = true;
        const at = dueAt(first);
        if (at > now()) await waitUntil(at);
        else await takeTurn(title, environment, present.signal, sendFirst);
      }
    } finally {
      draining = false; // whatever went wrong, the next command or sign of life begins anew
    }
    if (present.signal.aborted) shelf.shut();
  };

  const wake = () => {
    urged = true;
    void drain();
  };

  // -- the page

  const leave = () => {
    present.abort();
    stopWaiting();
    shelf.shut();
    // A page that is kept for the back button is thrown away when a message comes for it.
    channel.close();
  };

  /** Nobody waits for ever for what another page was told while this one was away. */
  const giveUpMissed = async () => {
    const left = (await read()).map(({ id }) => id);
    for (const id of kept) if (!left.includes(id)) drop(id, "It was done with while this page was away.");
  };

  const comeBack = () => {
    if (!present.signal.aborted) return;
    present = new AbortController();
    listen();
    wake();
    environment.setTimeout(giveUpMissed, WAKE_MS); // what is being told just now comes first
  };

  listen();
  globalThis.window?.addEventListener("pagehide", leave, { signal: closing.signal });
  globalThis.window?.addEventListener("pageshow", comeBack, { signal: closing.signal });
  closing.signal.addEventListener("abort", environment.onWake(wake));
  void drain();

  // -- commands

  const add = async (entry: Entry): Promise<unknown> => {
    const answer = new Promise((resolve, reject) => {
      waiting.set(entry.id, [...(waiting.get(entry.id) ?? []), { resolve, reject }]);
    });
    await edit((entries) => ({ put: entries.some(({ id }) => id === entry.id) ? undefined : entry }));
    if (waiting.has(entry.id)) kept.add(entry.id);
    void drain();
    return answer;
  };

  const queue = async (command: Command, run: string | null): Promise<unknown> => {
    const { id = newId(), label = "Command", body = {} } = command;
    if (closing.signal.aborted) throw new HeadwayError("aborted", "The outbox is closed.");
    const createdAt = now();
    return add({
      ...{ id, label, run, createdAt, tries: 0, sendingUntil: 0, retryAt: 0, notBefore: 0, trouble: null },
      url: checked(command, baseUrl),
      body: possible(() => JSON.parse(JSON.stringify(body)) as object, "The body cannot be written as JSON."),
      expiresAt: createdAt + (command.ttlMs ?? ttlMs),
    });
  };

  const toRun = (run: string, name: string, body: object, about: About) => {
    const { self } = addressOf(run, baseUrl);
    if (!self) throw new HeadwayError("invalid", "This is only a stream.");
    return queue({ ...about, url: `${self}/${name}`, body }, run) as Promise<Appended>;
  };

  const takeBack = async (isMeant: (entry: Entry) => boolean) => {
    const entries = await read();
    await settle(entries.filter(isMeant), new HeadwayError("aborted", "It was taken back."));
  };

  return {
    send: (command) => queue(command, null),
    cancel: async (run, { reason, attempt, ...about }) =>
      toRun(run, "cancel", { reason, attempt }, { label: "Cancel", ...about }),
    retry: async (run, { seq, items, ...about }) =>
      toRun(run, "retry", { seq, items }, { label: "Try again", ...about }),
    answer: async (run, askId, data, about) =>
      toRun(run, "input", { ask_id: askId, data }, { label: "Answer", ...about }),
    remove: (id) => takeBack((entry) => entry.id === id),
    clear: () => takeBack(() => true),
    wake,
    subscribe(listener) {
      const own = () => listener();
      viewers.add(own);
      return () => viewers.delete(own);
    },
    getSnapshot: () => state,
    onSettled(listener) {
      const own = (settled: Settled) => listener(settled);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    close() {
      closing.abort();
      viewers.clear();
      listeners.clear();
      leave();
      for (const id of waiting.keys()) drop(id, "The outbox was closed; what is queued stays.");
    },
  };
}

/** Call a listener. Its mistake is reported like any other, but holds up no command. */
function call(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Whether the server will never do it. Of a run, a "not found" without Headway's own words is a proxy's. */
function isRefusal({ status, problem }: HeadwayError, { run }: Entry): boolean {
  if (status === null || status < 400 || status >= 500 || NOT_NOW.includes(status)) return false;
  return status !== 404 || run === null || problem.code !== undefined;
}

/** For who writes the application: this can never be sent. */
function unsendable(message: string): HeadwayError {
  return new HeadwayError("invalid", message, { problem: { code: "usage" } });
}

function possible<Value>(make: () => Value, otherwise: string): Value {
  try {
    return make();
  } catch {
    throw unsendable(otherwise);
  }
}

/** Return the whole address of a command that can be sent. */
function checked({ id, url }: Command, baseUrl: string): string {
  const here = globalThis.location?.href;
  const there = possible(
    () => new URL(baseUrl, here),
    "baseUrl is no address; outside of a page it has to be a whole one.",
  );
  const whole = possible(() => new URL(url, here ?? there), `${url} is no address.`);
  // A token is sent along: no other origin gets it.
  if (whole.origin !== there.origin && whole.origin !== globalThis.location?.origin)
    throw unsendable(`${whole.origin} is another origin; commands go to that of the page or of Headway.`);
  if (id !== undefined && !/^[\x21-\x7e]{1,200}$/.test(id))
    throw unsendable("An id has 1 to 200 visible ASCII characters.");
  if (id === undefined && CREATES_RUN.test(whole.pathname))
    throw unsendable("What creates a run needs an id of its own: a second click would create another one.");
  return whole.href;
}
