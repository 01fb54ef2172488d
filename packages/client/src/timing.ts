/** All durations of a connection in one place. */

/** Milliseconds, unless the name says otherwise. */
export interface Timing {
  /** Longest wait before the 1st, 2nd, … try after a break; the last one stays. The wait itself is random below it. */
  backoffMs: readonly number[];
  /** Shortest wait before a try. */
  floorMs: number;
  /** How long a server may take until its first byte. */
  openMs: number;
  /** How long a long-poll may wait for news, in seconds. */
  waitS: number;
  /** First time after which a better transport is tried again; doubles up to ten times as much. */
  climbMs: number;
  /** How long a connection outlives its last viewer. */
  lingerMs: number;
}

export const TIMING: Timing = {
  backoffMs: [1_000, 2_000, 4_000, 8_000, 16_000, 30_000],
  floorMs: 50,
  openMs: 10_000,
  waitS: 25,
  climbMs: 60_000,
  lingerMs: 1_000,
};

/** Pings that may be late before what is shown counts as stale, and before the connection counts as dead. */
export const QUIET_PINGS = 1.5;
export const SILENT_PINGS = 2.5;

/** The least silence that counts while the page is hidden: browsers then run timers once a minute. */
export const HIDDEN_SILENT_MS = 70_000;

/** Time between two tries that a person or the network asked for. */
export const WAKE_MS = 1_000;

/**
 * How long to wait before try number `attempt` (from 0): "full jitter", because clients that lost the same server come
 * back spread out only if the whole wait is random.
 */
export function backoffMs({ backoffMs: ceilings, floorMs }: Timing, attempt: number, random: number): number {
  const ceiling = ceilings[Math.min(attempt, ceilings.length - 1)] ?? 0;
  return Math.max(floorMs, random * ceiling);
}
