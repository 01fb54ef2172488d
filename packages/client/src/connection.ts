/**
 * Keeps one run's feed supplied, whatever the network does.
 *
 * One loop makes one connection after the other: it picks a transport, runs it under a watchdog, and decides by its
 * outcome what comes next. The states it shows on the way are the table of `machine.ts`.
 *
 * Streams come first. Three failures before an answer, or a stream through which nothing comes, lead to polling; after
 * a while the stream is tried again, and that while grows until it works. It is short where the server was away, and
 * long where a proxy holds streams back: there each try keeps the page waiting.
 */

import type { Address } from "./address.ts";
import type { WakeSign } from "./environment.ts";
import { errorFrom, HeadwayError } from "./errors.ts";
import type { Http } from "./http.ts";
import { type ConnectionState, nextState, type Sign } from "./machine.ts";
import { merged } from "./merged.ts";
import { poll } from "./poll.ts";
import type { Feed, Link, Outcome, Transport, TransportName } from "./transport.ts";
import { createWatchdog } from "./watchdog.ts";

/** What a view shows of a connection. */
export interface ConnectionInfo {
  readonly state: ConnectionState;
  readonly transport: TransportName;
  /** Tries since it worked the last time. */
  readonly attempt: number;
  /** When the next try is due, in milliseconds since the epoch, or null. */
  readonly retryAt: number | null;
  /** What ended the last try, or null once it works again. */
  readonly trouble: HeadwayError | null;
}

export interface Connection {
  info(): ConnectionInfo;
  /** Begin, or begin anew after a final error. Does nothing while it runs. */
  start(): void;
  /** End whatever goes on. What was received stays in the feed. */
  stop(): void;
  /** Make a new connection at once; the answer to a person who asks for it, and to a run that was tried again. */
  reconnect(): void;
  /** Open no stream until this time, in milliseconds since the epoch, and begin with that now. */
  poll(until: number, everyMs?: number): void;
}

/** How connections behave. */
export interface ConnectionOptions {
  /**
   * Longest wait before the 1st, 2nd, … try after a break, in milliseconds; the last one stays. The wait itself is
   * random below it ("full jitter"), at least 50 ms, and never shorter than the server asks for.
   *
   * @defaultValue 1, 2, 4, 8, 16, 30 seconds
   */
  backoffMs?: readonly number[] | undefined;
  /** `poll`: never open a stream. @defaultValue `auto`: streams, and polling where they do not get through */
  transport?: "auto" | "poll" | undefined;
  /** Milliseconds between two polls, which then do not wait for news. @defaultValue 0: each waits for them (long-poll) */
  pollMs?: number | undefined;
  /** Longest silence, in milliseconds, before an open stream counts as dead. @defaultValue 2.5 heartbeats of the server */
  silentMs?: number | undefined;
}

/** What all runs of one client have in common. */
export interface Shared extends Http, ConnectionOptions {
  /** What is tried before polling. */
  stream: Transport;
}

export const BACKOFF_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
/** How long a server may take until its first byte. */
export const OPEN_MS = 10_000;
/** The shortest wait before a try. */
const FLOOR_MS = 50;
/** Failures before an answer, after which the other transport is tried. */
const FAILURES_MAX = 3;
/** First time after which streams are tried again, where they were refused and where nothing came; it doubles so often. */
const REFUSED_MS = 5_000;
const SILENT_MS = 60_000;
const DOUBLINGS_MAX = 4;
/** Time between two tries that a person or the network asked for. */
const WAKE_MS = 1_000;
/** Pause between two polls: what happens meanwhile comes with the next, and a server that does not wait is spared. */
const POLL_MS = 250;
const HOUR_MS = 3_600_000;
/** Nothing is wrong with the connection. */
const WELL = { attempt: 0, trouble: null };

export function createConnection(address: Address, feed: Feed, shared: Shared): Connection {
  const { environment, observe, stream, backoffMs = BACKOFF_MS, silentMs = Number.POSITIVE_INFINITY } = shared;
  let { pollMs = 0 } = shared;
  const { clearTimeout, isHidden, isOffline, now, onWake, random, setTimeout } = environment;
  let info: ConnectionInfo = { ...WELL, retryAt: null, state: "idle", transport: "sse" };
  /** As long as somebody watches: ends the waiting for signs of life. */
  let life: (() => void) | null = null;
  /** What the loop does just now: a connection, or waiting. */
  let activity = new AbortController();
  let wakeUp = () => {};
  /** The wait of the loop ends at this time, or earlier when somebody wakes it, but not before the other. */
  let until = 0;
  let notBefore = 0;
  /** Failures before an answer, one after the other. */
  let failures = 0;
  /** How often streams were given up since one worked. */
  let falls = 0;
  let pollUntil = shared.transport === "poll" ? Number.POSITIVE_INFINITY : 0;
  /** Of the connection at hand: how long the server wants to be left alone, whether something came. */
  let retryMs = 0;
  let worked = false;
  /** The last connection was given up to be made again, and nothing has come since. */
  let repeated = false;

  // -- state

  const change = (changes: Partial<ConnectionInfo>) => {
    const before = info;
    info = merged(info, changes);
    if (info !== before) feed.flush();
  };

  const sign = (seen: Sign, changes: Partial<ConnectionInfo> = {}, detail?: number | string) => {
    const state = nextState(info.state, seen);
    change({ retryAt: null, ...changes, state });
    observe?.({ run: address.stream, info, sign: seen, detail });
  };

  const isClosed = () => info.state === "closed";

  /** End what the loop does just now. */
  const interrupt = (category: "aborted" | "timeout") => {
    activity.abort(new HeadwayError(category));
    wakeUp();
  };

  const halt = (seen: Sign, trouble: HeadwayError | null = null) => {
    life?.();
    life = null;
    until = 0;
    watchdog.stop();
    interrupt("aborted");
    sign(seen, { ...WELL, trouble });
  };

  // -- waiting

  /** Wait until the time has come; it may be moved nearer meanwhile. */
  const wait = async (ms: number) => {
    until = now() + ms;
    while (now() < until) {
      let timer: unknown;
      await new Promise<void>((resolve) => {
        wakeUp = resolve;
        timer = setTimeout(resolve, until - now());
      });
      clearTimeout(timer);
    }
  };

  /** Something came back to life: the network, the page, a person. */
  const wake = (seen: WakeSign) => {
    if (info.retryAt !== null || (isClosed() && seen !== "click")) {
      until = Math.min(until, Math.max(now(), notBefore));
      interrupt("aborted");
    } else {
      watchdog.check();
    }
  };

  // -- the loop

  const watchdog = createWatchdog(
    environment,
    () => sign("quiet"),
    () => interrupt("timeout"),
  );

  const link: Link = {
    address,
    feed,
    http: shared,
    mayWait: () => !pollMs && (info.state === "live" || isClosed()),
    // Without heartbeats silence says nothing: a long-poll waits for news.
    expect: (ms, beats) => watchdog.expect(beats ? Math.min(ms, silentMs) : ms, beats),
    tell: (seen, detail) => {
      watchdog.heard();
      sign(seen, {}, detail);
    },
    worked: () => {
      repeated = false;
      worked = true;
      failures = 0;
      if (info.transport === "sse") falls = 0;
      if (!feed.ended()) sign("reopened");
      change(WELL);
    },
    retry: (ms) => {
      retryMs = ms;
    },
  };

  /** Make one connection. */
  const connect = async (): Promise<Outcome> => {
    const polls = isClosed() || now() < pollUntil;
    activity = new AbortController();
    const { signal } = activity;
    worked = false;
    retryMs = 0;
    change({ transport: polls ? "poll" : "sse" });
    link.expect(OPEN_MS);
    try {
      return await (polls ? (stream.poll ?? poll) : stream)(link, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      // A later loop may have begun while this connection was ending.
      if (signal === activity.signal) watchdog.stop();
    }
  };

  /** A stream, or a poll, failed: choose what comes next. */
  const fall = (silent: boolean, atOnce: boolean) => {
    if (info.transport === "poll") {
      if (failures >= FAILURES_MAX && pollUntil < Number.POSITIVE_INFINITY) pollUntil = failures = 0;
    } else if (atOnce || failures >= FAILURES_MAX) {
      pollUntil = now() + (silent ? SILENT_MS : REFUSED_MS) * 2 ** Math.min(falls++, DOUBLINGS_MAX);
    }
  };

  const lost = async (trouble: HeadwayError | null) => {
    const category = trouble?.category;
    const silent = category === "timeout" && !worked;
    failures = info.state === "connecting" ? failures + 1 : 0;
    // Where the server is not reached, and was not before, a poll would not get through either.
    const atOnce = silent || (falls > 0 && !(failures && category === "network"));
    fall(silent, atOnce);
    if (atOnce && info.transport === "sse") return;
    const { attempt } = info;
    // "Full jitter": clients that lost the same server come back spread out only if the whole wait is random.
    const backoff = random() * (backoffMs[attempt] ?? backoffMs.at(-1) ?? 0);
    const asked = trouble?.retryAfterMs ?? 0;
    notBefore = now() + Math.max(WAKE_MS, asked);
    const waiting = wait(Math.max(FLOOR_MS, backoff, retryMs, asked));
    sign(isOffline() ? "lostOffline" : "lost", { attempt: attempt + 1, retryAt: until, trouble });
    await waiting;
    sign("due");
  };

  /** Come back at once, but not round and round. */
  const again = async () => {
    if (repeated) {
      feed.position = null;
      await lost(null);
    }
    repeated = true;
  };

  /** The run is over. While it may be tried again and somebody can see it, look out for that. */
  const ended = () => {
    if (feed.ended() === "succeeded") return halt("ended");
    sign("ended", WELL);
    return wait(isHidden() ? HOUR_MS : pollMs || retryMs || random() * WAKE_MS);
  };

  const recover = (error: HeadwayError) => {
    const { category, problem, retryable } = error;
    // Of a run that is known, no proxy has the last word: it says "not found" while the server is away, or asks to sign in.
    const foreign = !problem.code && feed.position && /not_found|protocol/.test(category);
    if (retryable || foreign) return lost(error);
    if (category === "expired") feed.position = null;
    else if (category !== "aborted") return halt("refused", error);
    return again();
  };

  /** Do what the end of a connection asks for. */
  const proceed = (outcome: Outcome | HeadwayError) => {
    if (typeof outcome !== "string") return recover(outcome);
    if (outcome === "lost") return lost(null);
    if (outcome === "ended") return ended();
    if (outcome === "more") return wait(pollMs || retryMs || POLL_MS);
    // Streams are not wanted for as long as the server says.
    if (outcome === "poll") pollUntil = now() + (retryMs || SILENT_MS);
    return again();
  };

  const loop = async () => {
    const mine = life;
    while (mine === life) {
      const outcome = await connect().catch(errorFrom);
      if (mine === life) await proceed(outcome);
    }
  };

  const start = () => {
    if (life) return;
    life = onWake(wake);
    repeated = false;
    sign("start", WELL);
    void loop();
  };

  const reconnect = () => {
    start();
    repeated = false;
    until = 0;
    interrupt("aborted");
  };

  const pollFor = (time: number, everyMs = 0) => {
    pollUntil = time;
    pollMs = everyMs;
    falls = 0;
    if (life) reconnect();
  };

  return { info: () => info, start, stop: () => halt("stop"), reconnect, poll: pollFor };
}
