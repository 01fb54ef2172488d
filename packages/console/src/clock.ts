/**
 * The server's clock, as the answers of the server tell it.
 *
 * Times of events are the server's. What is said of them - how long ago, since when, until when - is reckoned by its clock,
 * too: that of the machine one looks from may be wrong by minutes, and nobody would know which of two times to believe.
 */

import { useNow } from "@headway-run/react";
import { useSyncExternalStore } from "react";

/** Clocks that differ by less agree: `Date` leaves out parts of a second, and an answer is on its way for a while. */
const PRECISION_MS = 1_500;

const listeners = new Set<() => void>();
/** How far the server's clock is ahead of this one. */
let aheadMs = 0;

/** Take the time of an answer that came just now; header `Date`. */
export function hearDate(date: string | null): void {
  const measured = Date.parse(date ?? "") + 500 - Date.now();
  const known = Math.abs(measured) > PRECISION_MS ? measured : 0;
  if (Number.isNaN(measured) || Math.abs(known - aheadMs) <= PRECISION_MS) return;
  aheadMs = known;
  for (const listener of listeners) listener();
}

/** Return the server's time for one of this machine's, both in milliseconds since the epoch. */
export function serverTime(ms: number): number {
  return ms + aheadMs;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Return the server's time, in milliseconds since the epoch, anew every so many of them, and when it turns out that its clock
 * is another one; `null` stops it.
 */
export function useServerNow(everyMs: number | null): number {
  const now = useNow(everyMs);
  return now + useSyncExternalStore(subscribe, () => aheadMs);
}
