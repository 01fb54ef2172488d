/** What the client needs of its surroundings. Tests put their own in its place. */

/** Why a waiting connection should look again. */
export type WakeSign = "online" | "visible" | "focus" | "pageshow" | "click";

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
  /** Call `listener` whenever the page or its network comes back to life; returns a function that ends it. */
  onWake(listener: (sign: WakeSign) => void): () => void;
}

/** The browser, as far as there is one: all of it works in Node, too, where nothing ever wakes up. */
export const browser: Environment = {
  fetch: (url, init) => globalThis.fetch(url, init),
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (call, ms) => setTimeout(call, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
  isHidden: () => globalThis.document?.visibilityState === "hidden",
  isOffline: () => globalThis.navigator?.onLine === false,
  onWake(listener) {
    if (globalThis.document === undefined) return () => {};
    const ending = new AbortController();
    const listen = (target: EventTarget, type: string, sign: WakeSign) =>
      target.addEventListener(type, () => browser.isHidden() || listener(sign), {
        signal: ending.signal,
        passive: true,
        capture: true,
      });
    listen(window, "online", "online");
    listen(window, "focus", "focus");
    listen(window, "pageshow", "pageshow");
    listen(document, "visibilitychange", "visible");
    listen(document, "click", "click");
    return () => ending.abort();
  },
};

/** Wait; returns early when the signal is aborted. */
export function sleep(environment: Environment, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      environment.clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = environment.setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

/**
 * Make calls at most once per `ms`: the first at once, the ones meanwhile as one at the end.
 *
 * @returns The call to make, and a function that drops one that is still to come.
 */
export function throttle(environment: Environment, ms: number, call: () => void): [() => void, () => void] {
  let timer: unknown;
  let wanted = false;
  const tick = () => {
    timer = undefined;
    if (wanted) run();
  };
  const run = () => {
    wanted = false;
    timer = environment.setTimeout(tick, ms);
    call();
  };
  const cancel = () => {
    wanted = false;
    environment.clearTimeout(timer);
    timer = undefined;
  };
  return [
    () => {
      if (timer === undefined) run();
      else wanted = true;
    },
    cancel,
  ];
}
