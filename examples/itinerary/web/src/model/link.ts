/**
 * What is said of the connection, and when.
 *
 * A connection that breaks for a moment is nobody's business. What counts is how long the page was behind: outages add
 * up until the connection has held for a while, so that one that keeps breaking is seen, too.
 */

import type { ConnectionInfo, ConnectionState } from "@headway-run/client";
import type { IconName, Tone } from "./status.ts";

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
}

export const NO_DOWNTIME: Downtime = { earlierMs: 0, downAt: null, upAt: null };

/** Return the downtime after a look at the connection. */
export function track(downtime: Downtime, state: ConnectionState, now: number): Downtime {
  const { earlierMs, downAt, upAt } = downtime;
  if (DOWN.includes(state)) return downAt === null ? { earlierMs, downAt: now, upAt: null } : downtime;
  if (downAt !== null) return { earlierMs: earlierMs + Math.max(0, now - downAt), downAt: null, upAt: now };
  return upAt !== null && now - upAt >= SETTLED_MS ? NO_DOWNTIME : downtime;
}

export function downMs({ earlierMs, downAt }: Downtime, now: number): number {
  return earlierMs + (downAt === null ? 0 : now - downAt);
}

export interface Pill {
  word: "Live" | "Polling" | "Connecting" | "Reconnecting" | "Offline" | "Ended" | "Not connected";
  icon: IconName;
  tone: Tone;
}

/** @param shown Something of the run is on the page already. */
export function pillOf({ state, transport }: ConnectionInfo, shown: boolean, down: number): Pill {
  if (state === "failed") return { word: "Not connected", icon: "cross", tone: "bad" };
  if (state === "offline") return { word: "Offline", icon: "cross", tone: "warn" };
  if (state === "closed") return { word: "Ended", icon: "stop", tone: "idle" };
  if (!shown) return { word: "Connecting", icon: "busy", tone: "idle" };
  if (DOWN.includes(state) && down >= PILL_MS) return { word: "Reconnecting", icon: "busy", tone: "warn" };
  if (transport === "poll") return { word: "Polling", icon: "check", tone: "good" };
  return { word: "Live", icon: "check", tone: "good" };
}

/** Whether the page has to say as of when it is true. */
export function isOutdated(state: ConnectionState, down: number): boolean {
  return state === "offline" || (DOWN.includes(state) && down >= BAR_MS);
}
