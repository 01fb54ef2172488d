import type { Environment, WakeSign } from "../../src/environment.ts";

/**
 * Surroundings that a test controls: time stands still until it is moved, and only what takes none happens by itself.
 * Requests are real.
 */
export interface TestEnvironment extends Environment {
  /** No timer runs at all, as in a page that shows an `alert`. */
  hanging: boolean;
  hidden: boolean;
  offline: boolean;
  /** Answers of `random`. */
  chance: number;
  /** Move the time and run the timers that are due on the way. */
  advance(ms: number): void;
  /** Move the time, as a machine does that sleeps: no timer runs. */
  sleep(ms: number): void;
  wake(sign: WakeSign): void;
  /** Run the next timer, if it is due within `ms`; time moves up to it. */
  step(ms: number): void;
  /** Milliseconds until the next timer is due. */
  nextIn(): number;
  /** Timers that are set. */
  pending(): number;
  listening(): number;
}

interface Timer {
  at: number;
  call: () => void;
}

export function testEnvironment(
  fetch: Environment["fetch"] = (url, init) => globalThis.fetch(url, init),
): TestEnvironment {
  let time = Date.parse("2026-11-21T09:00:00Z");
  const timers = new Set<Timer>();
  const listeners = new Set<(sign: WakeSign) => void>();
  const due = (until: number) => [...timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];

  const environment: TestEnvironment = {
    fetch,
    hanging: false,
    hidden: false,
    offline: false,
    chance: 0.5,
    now: () => time,
    random: () => environment.chance,
    isHidden: () => environment.hidden,
    isOffline: () => environment.offline,
    setTimeout(call, ms) {
      const timer = { at: time + ms, call };
      timers.add(timer);
      if (ms === 0) setImmediate(() => environment.hanging || (timers.delete(timer) && call()));
      return timer;
    },
    clearTimeout: (timer) => void timers.delete(timer as Timer),
    onWake(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    advance(ms) {
      const until = time + ms;
      for (let timer = due(until); timer; timer = due(until)) {
        timers.delete(timer);
        time = Math.max(time, timer.at);
        timer.call();
      }
      time = until;
    },
    step(ms) {
      const next = due(time + ms);
      if (next) environment.advance(Math.max(0, next.at - time));
    },
    sleep(ms) {
      time += ms;
    },
    wake(sign) {
      for (const listener of listeners) listener(sign);
    },
    nextIn: () => (due(Number.POSITIVE_INFINITY)?.at ?? Number.POSITIVE_INFINITY) - time,
    pending: () => timers.size,
    listening: () => listeners.size,
  };
  return environment;
}

/** Wait, in real time, until something is so. The time of the test's environment does not move by it. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let left = 2_000; !isSo(); left--) {
    if (left === 0) throw new Error(`it did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
