/**
 * Keeps one run's feed supplied, whatever the network does.
 *
 * One loop makes one connection after the other: it picks a transport (`ladder.ts`), runs it under a watchdog, and
 * decides by its outcome what comes next. The states it shows on the way are the table of `machine.ts`.
 */

import type { Address } from "./address.ts";
import { sleep, type WakeSign } from "./environment.ts";
import { errorFrom, HeadwayError, isFinal } from "./errors.ts";
import type { Http } from "./http.ts";
import { Ladder } from "./ladder.ts";
import { type ConnectionState, nextState, type Sign } from "./machine.ts";
import { endsLooking, lookForRetry, poll } from "./poll.ts";
import { stream } from "./stream.ts";
import { backoffMs, type Timing, WAKE_MS } from "./timing.ts";
import type { Feed, Link, Outcome, Transport, TransportName } from "./transport.ts";
import { Watchdog } from "./watchdog.ts";

/** What a view shows of a connection. */
export interface ConnectionInfo {
  readonly state: ConnectionState;
  readonly transport: TransportName;
  /** Tries since it worked the last time. */
  readonly attempt: number;
  /** When the next try is due, in milliseconds since the epoch, or null. */
  readonly retryAt: number | null;
  /** Since when what is shown may be old, or null: it is true. */
  readonly downSince: number | null;
  /** What ended the last try, or null once it works again. */
  readonly trouble: HeadwayError | null;
}

export interface ConnectionParts {
  address: Address;
  feed: Feed;
  http: Http;
  timing: Timing;
  onChange(): void;
}

type Attempt = Outcome | { readonly kind: "failed"; readonly error: HeadwayError };

const HOUR_MS = 3_600_000;
/** How often an ended run is looked at where only its stream is known. */
const LOOK_MS = 30_000;
const DOWN: readonly ConnectionState[] = ["connecting", "stale", "backoff", "offline"];
const WAITING: readonly ConnectionState[] = ["backoff", "offline", "closed"];

export class Connection {
  readonly #parts: ConnectionParts;
  readonly #ladder: Ladder<Transport>;
  readonly #watchdog: Watchdog;
  #info: ConnectionInfo = {
    state: "idle",
    transport: "sse",
    attempt: 0,
    retryAt: null,
    downSince: null,
    trouble: null,
  };
  /** Ends when nobody watches any more. */
  #life: AbortController | undefined;
  /** What the loop does just now: a connection, or waiting. */
  #activity: AbortController = new AbortController();
  #stopWaking: (() => void) | undefined;
  /** The wait of the loop ends at this time, and not before that. */
  #until = 0;
  #notBefore = 0;
  #triedAt = 0;
  #wokeAt = Number.NEGATIVE_INFINITY;
  #retryMs = 0;
  #opened = false;
  #worked = false;
  /** The connection is only to find out whether an ended run is tried again: nobody need see it. */
  #quietly = false;
  /** The last connection was given up to be made again, and nothing has come since. */
  #repeated = false;

  constructor(parts: ConnectionParts) {
    const { environment } = parts.http;
    this.#parts = parts;
    const steps: [Transport, ...Transport[]] = parts.address.self === null ? [stream] : [stream, poll];
    this.#ladder = new Ladder(steps, parts.timing.climbMs, environment.now);
    this.#watchdog = new Watchdog(environment, {
      onQuiet: () => this.#sign("quiet"),
      onSilent: () => this.#activity.abort(new HeadwayError("timeout")),
    });
  }

  get info(): ConnectionInfo {
    return this.#info;
  }

  /** Begin, or begin anew after a final error. Does nothing while it runs. */
  start(): void {
    if (this.#life) return;
    const life = new AbortController();
    this.#life = life;
    this.#stopWaking = this.#parts.http.environment.onWake((sign) => this.wake(sign));
    this.#notBefore = 0;
    this.#quietly = this.#repeated = false;
    this.#sign("start", { attempt: 0, trouble: null });
    void this.#loop(life.signal);
  }

  /** End whatever goes on. What was received stays in the feed. */
  stop(): void {
    this.#halt();
    this.#sign("stop", { attempt: 0, trouble: null });
  }

  /** Make a new connection at once; the answer to a person who asks for it. */
  reconnect(): void {
    this.#repeated = false;
    if (!this.#life) this.start();
    else if (WAITING.includes(this.#info.state)) this.wake("focus");
    else this.#activity.abort(new HeadwayError("aborted"));
  }

  /** Something came back to life: the network, the page, a person. */
  wake(sign: WakeSign): void {
    const { state } = this.#info;
    this.#wokeAt = this.#now();
    if (WAITING.includes(state) && !(state === "closed" && sign === "click")) {
      const soon = Math.max(this.#now(), this.#notBefore, this.#triedAt + WAKE_MS);
      this.#until = Math.min(this.#until, soon);
      this.#activity.abort(new HeadwayError("aborted"));
    } else {
      this.#watchdog.check();
    }
  }

  /** The run was just tried again by us: look at once. */
  reopened(): void {
    if (this.#info.state !== "closed") return;
    this.#until = 0;
    this.#activity.abort(new HeadwayError("aborted"));
  }

  // -- the loop

  async #loop(life: AbortSignal): Promise<void> {
    try {
      while (!life.aborted) {
        const attempt = await this.#attempt();
        if (life.aborted || !(await this.#proceed(attempt, life))) return;
      }
    } catch (error) {
      this.#refuse(errorFrom(error), life);
    }
  }

  /** Make one connection. */
  async #attempt(): Promise<Attempt> {
    const transport = this.#ladder.next();
    const activity = this.#begin();
    this.#triedAt = this.#now();
    this.#opened = this.#worked = false;
    this.#retryMs = 0;
    this.#change({ transport: transport.name });
    try {
      return await transport.run(this.#link(), activity.signal);
    } catch (error) {
      return { kind: "failed", error: errorFrom(activity.signal.aborted ? activity.signal.reason : error) };
    } finally {
      // A later loop may have begun while this connection was ending.
      if (activity === this.#activity) this.#watchdog.stop();
    }
  }

  /** Do what the outcome of a connection asks for; false when there is nothing left to do. */
  async #proceed(attempt: Attempt, life: AbortSignal): Promise<boolean> {
    switch (attempt.kind) {
      case "more":
        return true;
      case "ended":
        return this.#ended(life);
      case "poll":
        this.#ladder.stepDown(attempt.forMs);
        return this.#again(life);
      case "again":
        return this.#again(life);
      case "lost":
        return this.#lost(null, life);
      case "failed":
        return this.#failed(attempt.error, life);
    }
  }

  /** Come back at once, but not round and round. */
  async #again(life: AbortSignal): Promise<boolean> {
    if (this.#repeated) {
      this.#parts.feed.forget();
      return this.#lost(null, life);
    }
    this.#repeated = true;
    return true;
  }

  async #failed(error: HeadwayError, life: AbortSignal): Promise<boolean> {
    if (error.category === "expired" || error.code === "invalid_cursor") {
      this.#parts.feed.forget();
      return this.#again(life);
    }
    if (error.category === "aborted") return this.#again(life);
    if (isFinal(error)) return this.#refuse(error, life);
    return this.#lost(error, life);
  }

  #refuse(trouble: HeadwayError, life: AbortSignal): false {
    if (life.aborted) return false;
    this.#halt();
    this.#sign("refused", { trouble });
    return false;
  }

  async #lost(trouble: HeadwayError | null, life: AbortSignal): Promise<boolean> {
    const { environment } = this.#parts.http;
    const silent = trouble?.category === "timeout" && !this.#worked;
    if (this.#ladder.failed({ opened: this.#opened, silent })) return true;
    const { attempt } = this.#info;
    const asked = trouble?.retryAfterMs ?? 0;
    const backoff = backoffMs(this.#parts.timing, attempt, environment.random());
    // What woke us found the connection dead: somebody looks at the page again, and should not wait.
    const woken = trouble?.category === "timeout" && this.#now() - this.#wokeAt < WAKE_MS;
    this.#notBefore = this.#now() + asked;
    this.#until = this.#now() + (woken ? this.#parts.timing.floorMs : Math.max(backoff, this.#retryMs, asked));
    const sign = environment.isOffline() ? "lostOffline" : "lost";
    this.#sign(sign, { attempt: attempt + 1, trouble });
    await this.#wait(life);
    this.#sign("due");
    return true;
  }

  // -- after the end

  /** The run is over. While it may be tried again and somebody looks at it, look out for that. */
  async #ended(life: AbortSignal): Promise<boolean> {
    this.#sign("ended", { attempt: 0, trouble: null });
    if (this.#parts.feed.isFinal) {
      this.#halt();
      return false;
    }
    if (this.#parts.address.self === null) return this.#lookQuietly(life);
    const reopened = await this.#look(life);
    if (reopened) this.#sign("reopened");
    return reopened;
  }

  /** Ask for the snapshot until it is another one. */
  async #look(life: AbortSignal): Promise<boolean> {
    let etag: string | null = null;
    for (let failures = 0; !life.aborted; ) {
      try {
        const found = await lookForRetry(this.#link(), etag, this.#begin().signal);
        if (found === true) return true;
        etag = found;
        failures = 0;
      } catch (thrown) {
        const error = errorFrom(thrown);
        if (endsLooking(error)) break;
        if (error.category !== "aborted") failures++;
      }
      this.#watchdog.stop();
      await this.#pause(backoffMs(this.#parts.timing, failures, this.#parts.http.environment.random()), life);
    }
    this.#watchdog.stop();
    return false;
  }

  /** Only the stream is known: read it anew from time to time, and show it only when something comes. */
  async #lookQuietly(life: AbortSignal): Promise<boolean> {
    await this.#pause(LOOK_MS, life);
    this.#quietly = true;
    return !life.aborted;
  }

  /** Wait so long, and on until somebody can see the page. */
  async #pause(ms: number, life: AbortSignal): Promise<void> {
    const { environment } = this.#parts.http;
    this.#notBefore = 0;
    this.#triedAt = this.#now();
    this.#until = this.#now() + ms;
    await this.#wait(life);
    while (environment.isHidden() && !life.aborted) {
      this.#until = this.#now() + HOUR_MS;
      await this.#wait(life);
    }
  }

  /** Wait until the time has come; `wake` may move it nearer. */
  async #wait(life: AbortSignal): Promise<void> {
    while (!life.aborted && this.#now() < this.#until) {
      await sleep(this.#parts.http.environment, this.#until - this.#now(), this.#begin().signal);
    }
  }

  // -- what the transport tells

  #link(): Link {
    const { address, feed, http, timing } = this.#parts;
    return {
      address,
      feed,
      http,
      timing,
      environment: http.environment,
      expect: (ms) => this.#watchdog.expect(ms),
      expectPings: (seconds) => this.#watchdog.expectPings(seconds),
      isOpen: () => this.#info.state === "live",
      opened: () => {
        this.#opened = true;
        if (!this.#quietly) this.#sign("opened");
      },
      heard: () => {
        this.#watchdog.heard();
        this.#sign("heard");
      },
      worked: () => this.#onWorked(),
      retry: (ms) => {
        this.#retryMs = ms;
      },
    };
  }

  #onWorked(): void {
    this.#repeated = false;
    if (this.#worked) return;
    this.#worked = true;
    this.#ladder.worked();
    if (this.#quietly) {
      this.#quietly = false;
      this.#sign("reopened");
      this.#sign("opened");
    }
    this.#change({ attempt: 0, trouble: null });
  }

  // -- state

  #begin(): AbortController {
    this.#activity = new AbortController();
    return this.#activity;
  }

  #halt(): void {
    this.#life?.abort();
    this.#life = undefined;
    this.#stopWaking?.();
    this.#watchdog.stop();
    this.#activity.abort(new HeadwayError("aborted"));
  }

  #sign(sign: Sign, change: Partial<ConnectionInfo> = {}): void {
    const state = nextState(this.#info.state, sign);
    const waits = state === "backoff" || state === "offline";
    const downSince = DOWN.includes(state) ? (this.#info.downSince ?? this.#now()) : null;
    this.#change({ ...change, state, downSince, retryAt: waits ? this.#until : null });
  }

  #change(change: Partial<ConnectionInfo>): void {
    const names = Object.keys(change) as (keyof ConnectionInfo)[];
    if (names.every((name) => this.#info[name] === change[name])) return;
    this.#info = { ...this.#info, ...change };
    this.#parts.onChange();
  }

  #now(): number {
    return this.#parts.http.environment.now();
  }
}
