/**
 * What is said of a connection, and when.
 *
 * One that breaks for a moment is nobody's business. What counts is how long a page was behind: outages add up until the
 * connection has held for a while, so that one that keeps breaking is seen, too.
 */

import type { ConnectionInfo, ConnectionState } from "@headway-run/client";
import { connectionWords } from "@headway-run/client/status";
import type { Sign } from "./status.ts";
import { sentence } from "./time.ts";

/** Below this nothing is said. */
export const PILL_MS = 2_000;
/** From here on the page says as of when it is true. */
export const BAR_MS = 10_000;
/** A connection that held so long is whole again. */
export const SETTLED_MS = 5_000;

/** In these what is shown may be old. */
const DOWN: readonly ConnectionState[] = ["connecting", "stale", "backoff", "offline"];

export interface Downtime {
  /** Outages that are over, but not long enough ago to be forgotten. */
  readonly earlierMs: number;
  /** When the present outage began: as of then the page is true. Null: there is none. */
  readonly downAt: number | null;
  /** When the last one ended, or null. */
  readonly upAt: number | null;
  /** It was connected once. */
  readonly seen: boolean;
}

export const NO_DOWNTIME: Downtime = { earlierMs: 0, downAt: null, upAt: null, seen: false };

/** Return the downtime after a look at the connection; the same object when there is nothing new. */
export function track(downtime: Downtime, state: ConnectionState, now: number): Downtime {
  const { earlierMs, downAt, upAt, seen } = downtime;
  if (DOWN.includes(state)) return downAt === null ? { earlierMs, downAt: now, upAt: null, seen } : downtime;
  const up = seen || ["live", "follower", "closed"].includes(state);
  if (downAt !== null) {
    // The time until the first connection is no outage.
    const outage = seen ? Math.max(0, now - downAt) : 0;
    return { earlierMs: earlierMs + outage, downAt: null, upAt: now, seen: up };
  }
  if (upAt !== null && now - upAt >= SETTLED_MS) return { ...NO_DOWNTIME, seen: up };
  return up === seen ? downtime : { ...downtime, seen: up };
}

export function downMs({ earlierMs, downAt }: Downtime, now: number): number {
  return earlierMs + (downAt === null ? 0 : Math.max(0, now - downAt));
}

/** How a state looks; a connection that is well needs no more than its word. */
const LOOKS: Readonly<Partial<Record<ConnectionState, Omit<Sign, "word">>>> = {
  idle: { icon: "circle", tone: "idle" },
  connecting: { icon: "busy", tone: "idle" },
  stale: { icon: "busy", tone: "warn" },
  backoff: { icon: "busy", tone: "warn" },
  offline: { icon: "cross", tone: "warn" },
  closed: { icon: "stop", tone: "idle" },
  failed: { icon: "cross", tone: "bad" },
};
const WELL = { icon: "check", tone: "good" } as const;

/**
 * A connection in one or two words.
 *
 * @param seen It was connected once.
 * @param down Milliseconds it was down lately.
 */
export function connectionSign(
  { state, transport }: Pick<ConnectionInfo, "state" | "transport">,
  seen: boolean,
  down: number,
): Sign {
  const shown = said(state, seen, down);
  return { word: connectionWords({ state: shown, transport }).word, ...(LOOKS[shown] ?? WELL) };
}

/** The state that is spoken of: a break is one from two seconds on, and there is none before the first connection. */
function said(state: ConnectionState, seen: boolean, down: number): ConnectionState {
  if (!DOWN.includes(state) || state === "offline") return state;
  if (!seen) return "connecting";
  return down >= PILL_MS ? "backoff" : "live";
}

/** Whether the page has to say as of when it is true. */
export function isOutdated(state: ConnectionState, down: number): boolean {
  return state === "offline" || (DOWN.includes(state) && down >= BAR_MS);
}

/**
 * What a state means, in sentences.
 *
 * @param retryInS Seconds until the next try, or null.
 */
export function connectionText({ state, transport, trouble }: ConnectionInfo, retryInS: number | null): string {
  const { text } = connectionWords({ state, transport });
  const why = trouble && sentence(trouble.message);
  if (state === "backoff") return `${why ?? "The connection broke."} ${retryText(retryInS)}`;
  if (state === "connecting" && why) return `${why} ${text}`;
  return (state === "failed" && why) || text;
}

/** `Trying again in 8 s.` */
export function retryText(retryInS: number | null): string {
  return retryInS === null || retryInS <= 0 ? "Trying again now." : `Trying again in ${retryInS} s.`;
}
