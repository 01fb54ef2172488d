/** What the client needs of its surroundings. Tests put their own in its place. */

export interface Environment {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Milliseconds since the epoch. Goes on while the machine sleeps, unlike timers. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  setTimeout(call: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** Whether nobody can see the page; browsers then run timers once a minute at most. */
  isHidden(): boolean;
  isOffline(): boolean;
  /** Call `listener` when a page that is seen comes back to life, or its network, or is clicked; returns how to end it. */
  onWake(listener: (sign: WakeSign) => void): () => void;
}

/** Why a waiting connection should look again: the names of the events it is told by. */
export type WakeSign = "online" | "focus" | "pageshow" | "visibilitychange" | "click";

const WAKE_SIGNS = "online focus pageshow visibilitychange click".split(" ") as WakeSign[];

/** The browser, as far as there is one: it works in Node, too, where nothing ever wakes up. */
export const browser: Environment = {
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (call, ms) => setTimeout(call, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
  isHidden: () => !!globalThis.document?.hidden,
  isOffline: () => globalThis.navigator?.onLine === false,
  onWake(listener) {
    const ending = new AbortController();
    for (const sign of WAKE_SIGNS) {
      // Those of the document come by on their way down from the window.
      const tell = () => browser.isHidden() || listener(sign);
      globalThis.window?.addEventListener(sign, tell, { capture: true, signal: ending.signal });
    }
    return () => ending.abort();
  },
};

/**
 * Make calls at most once per `ms`: the first at once, the ones meanwhile as one at the end. 0: all of them.
 *
 * @returns The call to make, and a function that drops one that is still to come.
 */
export function throttle(environment: Environment, ms: number, call: () => void): [() => void, () => void] {
  let timer: unknown = null;
  let wanted = false;
  const tick = () => {
    timer = wanted && ms > 0 ? environment.setTimeout(tick, ms) : null;
    if (wanted) {
      wanted = false;
      call();
    }
  };
  const ask = () => {
    wanted = true;
    if (timer === null) tick();
  };
  return [ask, () => environment.clearTimeout(timer)];
}
