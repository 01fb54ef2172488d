/** Long-poll: for where streams do not get through, and to see whether an ended run is tried again. */

import { withQuery } from "./address.ts";
import { sleep } from "./environment.ts";
import { errorFrom, type HeadwayError } from "./errors.ts";
import { readJson } from "./http.ts";
import type { Link, Transport } from "./transport.ts";
import type { EventPage, PolledSnapshot } from "./wire.ts";

/** An answer that comes sooner than this with nothing in it did not wait: something on the way cuts waiting short. */
const WAITED_MS = 1_000;
/** Pause after such an answer. */
const PAUSE_MS = 2_000;
/** Time an answer may take on top of the waiting. */
const SLACK_MS = 10_000;
/** Events asked for at once. */
const PAGE = 1_000;

/** The pages of one run's log, each waited for. */
export const poll: Transport = {
  name: "poll",
  async run(link, signal) {
    const { feed } = link;
    if (feed.position === null) await takeSnapshot(link, signal);
    else await takePage(link, feed.position, signal);
    return feed.isEnded ? { kind: "ended" } : { kind: "more" };
  },
};

async function takePage(link: Link, after: string, signal: AbortSignal): Promise<void> {
  const { environment, feed, http, timing } = link;
  const began = environment.now();
  // The first answer comes at once and says that this transport works; the others wait for news.
  const wait = link.isOpen() ? timing.waitS : 0;
  link.expect(wait * 1000 + SLACK_MS);
  const url = withQuery(`${link.address.self}/events`, { after, wait, limit: PAGE });
  const response = await http.request(url, { signal }).catch((error) => {
    // What comes after our position was trimmed, or the log is another one: the snapshot still has the state.
    if (errorFrom(error).category !== "expired") throw error;
    feed.forget();
    return null;
  });
  if (response === null) return;
  const page = response.status === 200 ? await readJson<EventPage>(response) : NOTHING;
  signal.throwIfAborted();
  take(link, page);
  if (wait > 0 && page.events.length === 0 && environment.now() - began < WAITED_MS) {
    await sleep(environment, PAUSE_MS * (1 + environment.random()), signal);
  }
}

const NOTHING: EventPage = { events: [], cursor: "", more: false };

function take(link: Link, { events, cursor, partial = false }: EventPage): void {
  const { feed } = link;
  const last = events.at(-1);
  const gaps = events.map((event) => feed.apply(event, event === last ? cursor : undefined, partial));
  if (gaps.includes("gap")) feed.forget();
  link.opened();
  link.worked();
  feed.flush();
}

async function takeSnapshot(link: Link, signal: AbortSignal): Promise<void> {
  const { address, feed, http, timing } = link;
  link.expect(timing.openMs);
  const { live = null, ...snapshot } = await http.json<PolledSnapshot>(`${address.self}`, { signal });
  signal.throwIfAborted();
  feed.replace(snapshot);
  feed.live(live);
  link.opened();
  feed.flush();
}

/**
 * Wait until a run that has ended is tried again, as long as that can be.
 *
 * @returns Entity tag to go on from, or true: it is tried again.
 */
export async function lookForRetry(
  link: Link,
  etag: string | null,
  signal: AbortSignal,
): Promise<string | null | true> {
  const { address, feed, http, timing } = link;
  link.expect(timing.waitS * 1000 + SLACK_MS);
  const headers: Record<string, string> = etag === null ? {} : { "If-None-Match": etag };
  const url = withQuery(`${address.self}`, { wait: timing.waitS });
  const response = await http.request(url, { headers, signal });
  if (response.status === 304) return etag;
  const { seq } = await readJson<PolledSnapshot>(response);
  return seq > feed.seq || response.headers.get("ETag");
}

/** Tell of an error that ends the looking: the run was deleted, or is not ours any more. */
export function endsLooking(error: HeadwayError): boolean {
  return ["auth", "forbidden", "not_found", "protocol"].includes(error.category);
}
