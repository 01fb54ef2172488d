/** One page of the origin at a time: the drainer is whoever holds the lock. */

import type { Environment } from "../environment.ts";

/** A page that holds the lock for so long is frozen or stuck: it is taken from it. Longer than a command is sent for. */
const STUCK_MS = 60_000;

/** Whether the browser has locks; pages of plain `http://` addresses do not. */
export function hasLocks(): boolean {
  return globalThis.navigator?.locks !== undefined;
}

/**
 * Do something while no other page does it. Without locks, at once: the marks in the entries have to do then.
 *
 * @param left Ends the turn when the page goes away, though the work may not be done: a page that is kept for the back
 *     button would keep its lock, too.
 * @returns When the work is done; at once when the turn did not come before the page left.
 */
export async function takeTurn(
  name: string,
  environment: Environment,
  left: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  if (!hasLocks()) return work();
  let working: Promise<void> | undefined;
  let leave = () => {};
  const waiting = new AbortController();
  const leaving = new Promise<void>((resolve) => {
    leave = () => {
      waiting.abort();
      resolve();
    };
  });
  const begin = () => {
    environment.clearTimeout(timer);
    working = left.aborted ? Promise.resolve() : work();
    return Promise.race([working, leaving]);
  };
  const timer = environment.setTimeout(() => waiting.abort(), STUCK_MS);
  left.addEventListener("abort", leave);
  const { locks } = navigator;
  try {
    await locks.request(name, { signal: waiting.signal }, begin);
  } catch {
    // The page left, it took too long, or the lock was taken from us. Where there are no locks after all, it is begun so.
    if (!working && !left.aborted) await locks.request(name, { steal: true }, begin).catch(() => working ?? begin());
  } finally {
    left.removeEventListener("abort", leave);
  }
  await working;
}
