/**
 * Several runs over one connection: a page that watches ten of them opens one stream, not ten, of which HTTP/1.1 allows
 * six to all pages of an origin together.
 *
 * @packageDocumentation
 */

import { asked } from "./address.ts";
import { errorFrom, type HeadwayError } from "./errors.ts";
import type { Headway } from "./headway.ts";
import type { Http } from "./http.ts";
import { poll } from "./poll.ts";
import type { Frame } from "./sse.ts";
import { EVENT_STREAM, read, sse, take } from "./stream.ts";
import type { Link, Outcome, Transport } from "./transport.ts";
import type { OpenFrame } from "./wire.ts";

/** What a server carries on one connection. */
const RUNS_MAX = 64;
/** Runs that begin to be watched within so long share a connection from the start. */
const GATHER_MS = 20;
/** So many long-polls wait at a time: a third of what HTTP/1.1 allows to all pages of an origin. */
const WAITING_MAX = 2;
/** Pause between two polls of a run for which there is no place among those. */
const PLAIN_MS = 3_000;

/** Where the runs of one server are, and the id of the one that is meant; undefined for a stream of an application's own. */
function placeOf({ self }: Link["address"]): [base: string, id: string] | undefined {
  const [, base, id] = /^(.*\/v1)\/runs\/([^/]+)$/.exec(self ?? "") ?? [];
  return base !== undefined && id ? [base, decodeURIComponent(id)] : undefined;
}

/** One run on a connection that it shares. */
interface Member {
  readonly link: Link;
  readonly id: string;
  /** Leave the connection, for this reason. */
  settle(reason: Outcome | HeadwayError): void;
}

/**
 * Carry the runs of one server over as few streams as possible; for `new Headway({ stream: many() })`.
 *
 * A run that begins to be watched is added by opening the stream anew from everybody's cursor, so nothing is lost or
 * sent twice. Streams of an application's own keep a connection each.
 *
 * Where streams do not get through, and of runs that have ended and may be tried again, two long-polls wait at a time; the
 * other runs are asked for every three seconds, so that the rest of the page has connections, too.
 */
export function many(): (headway: Headway) => Transport {
  return (headway) => {
    const groups = new Map<string, Group[]>();
    const stream: Transport = (link, signal) => {
      const place = placeOf(link.address);
      if (!place) return sse(link, signal);
      const [base, id] = place;
      const known = groups.get(base) ?? [];
      groups.set(base, known);
      const group = known.find((one) => one.hasRoom()) ?? new Group(`${base}/stream`, link.http, headway);
      if (!known.includes(group)) known.push(group);
      return group.carry(link, id, signal);
    };
    return Object.assign(stream, { poll: fewPolls() });
  };
}

/** Make what polls for all runs of a client, few of them waiting at a time. */
function fewPolls(): Transport {
  let waiting = 0;
  return async (link, signal) => {
    if (!link.mayWait()) return poll(link, signal);
    if (waiting >= WAITING_MAX) {
      link.retry(PLAIN_MS);
      return poll({ ...link, mayWait: () => false }, signal);
    }
    waiting++;
    try {
      return await poll(link, signal);
    } finally {
      waiting--;
    }
  };
}

/** One connection and the runs on it. */
class Group {
  readonly #url: string;
  readonly #http: Http;
  readonly #headway: Headway;
  readonly #members: Map<string, Member> = new Map();
  /** Addresses of runs that lost this connection together and have not come back. */
  readonly #lost: Set<string> = new Set();
  #timer: unknown;
  #stream: AbortController | undefined;

  constructor(url: string, http: Http, headway: Headway) {
    this.#url = url;
    this.#http = http;
    this.#headway = headway;
  }

  hasRoom(): boolean {
    return this.#members.size < RUNS_MAX;
  }

  /** Carry a run until it is over, or the connection is. */
  carry(link: Link, id: string, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(errorFrom(signal.reason)); // nobody would hear of it later
      const leave = () => {
        const reason = errorFrom(signal.reason);
        if (reason.category === "timeout") this.#lost.add(link.address.stream);
        settle(reason);
      };
      const settle = (reason: Outcome | HeadwayError) => {
        signal.removeEventListener("abort", leave);
        if (this.#members.get(id) === member) this.#members.delete(id);
        if (this.#members.size === 0) this.#stream?.abort();
        if (typeof reason === "string") resolve(reason);
        else reject(reason);
      };
      const member = { link, id, settle };
      this.#members.get(id)?.settle("again"); // two handles of one run, by another spelling of its address
      this.#members.set(id, member);
      signal.addEventListener("abort", leave);
      this.#bringBack();
      this.#reopenSoon();
    });
  }

  /** Whoever waits for the end of the same outage comes now, or each would open the stream anew. */
  #bringBack(): void {
    const lost = [...this.#lost];
    this.#lost.clear();
    for (const address of lost) {
      const run = this.#headway.run(address);
      if (run.getSnapshot().connection.retryAt !== null) run.reconnect();
    }
  }

  #reopenSoon(): void {
    const { clearTimeout, isHidden, setTimeout } = this.#http.environment;
    clearTimeout(this.#timer);
    // Timers of a hidden tab may be held back for a minute, while one that is seen waits for what this one shares.
    if (isHidden()) void Promise.resolve().then(this.#reopen);
    else this.#timer = setTimeout(this.#reopen, GATHER_MS);
  }

  readonly #reopen = (): void => {
    this.#stream?.abort();
    if (this.#members.size > 0) void this.#open();
  };

  /** Open one stream for all, and end with it for all that are still on it. */
  async #open(): Promise<void> {
    const stream = new AbortController();
    this.#stream = stream;
    const { signal } = stream;
    const reason = await this.#follow(signal).catch(errorFrom);
    if (signal.aborted) return; // there is another one for those who stay
    for (const member of [...this.#members.values()]) {
      this.#lost.add(member.link.address.stream);
      member.settle(reason);
    }
  }

  async #follow(signal: AbortSignal): Promise<Outcome> {
    const members = [...this.#members.values()];
    const runs = members.map(({ id, link }) => ["run", `${id}@${link.feed.position ?? ""}`]);
    const url = asked(`${this.#url}?${new URLSearchParams(runs)}`);
    const response = await this.#http.request(url, { headers: { Accept: EVENT_STREAM }, signal });
    const retry = (ms: number) => {
      for (const { link } of members) link.retry(ms);
    };
    return read(response, retry, signal, (frames, bytes) => {
      const [first] = this.#members.values();
      for (const member of this.#members.values()) member.link.tell("heard", member === first ? bytes : 0);
      for (const frame of frames) this.#take(frame);
      for (const { link } of this.#members.values()) link.feed.flush();
      return undefined;
    });
  }

  #take({ event, data, id }: Frame): void {
    const value = JSON.parse(data);
    if (event === "open") {
      for (const about of (value as OpenFrame & { runs: OpenFrame[] }).runs) {
        this.#give(about.run_id, event, { ...value, ...about });
      }
      return;
    }
    const at = id.lastIndexOf(":");
    // Ids of events and snapshots begin with the run's; what has no id of its own names its run, or is for all.
    const runId: string | null = value.run_id ?? null;
    if (runId === null) for (const one of [...this.#members.keys()]) this.#give(one, event, value);
    else this.#give(runId, event, value, id.slice(at + 1));
  }

  #give(runId: string, event: string, value: unknown, cursor = ""): void {
    const member = this.#members.get(runId);
    if (!member) return; // it is not watched any more
    try {
      const outcome = take(member.link, event, value, cursor);
      if (outcome) member.settle(outcome);
    } catch (error) {
      member.settle(errorFrom(error));
    }
  }
}
