/** Notices that nothing comes any more. */

import type { Environment } from "./environment.ts";
import { HIDDEN_SILENT_MS, QUIET_PINGS, SILENT_PINGS } from "./timing.ts";

export interface WatchdogEvents {
  /** A heartbeat is overdue. */
  onQuiet(): void;
  /** Nothing came for so long that the connection is dead. Called once; then it is off. */
  onSilent(): void;
}

/**
 * Watches the time since the last byte. It compares clock times instead of trusting its timer, so that a machine that
 * slept, or a hidden tab whose timers are held back, is noticed at once by `check`.
 */
export class Watchdog {
  readonly #environment: Environment;
  readonly #events: WatchdogEvents;
  #timer: unknown;
  #last = 0;
  #quietMs = Number.POSITIVE_INFINITY;
  #silentMs = Number.POSITIVE_INFINITY;
  #on = false;

  constructor(environment: Environment, events: WatchdogEvents) {
    this.#environment = environment;
    this.#events = events;
  }

  /** Begin to wait for an answer that has to come within `ms`. */
  expect(ms: number): void {
    this.#set(Number.POSITIVE_INFINITY, ms);
  }

  /** Begin to wait for a heartbeat every `seconds`. */
  expectPings(seconds: number): void {
    this.#set(seconds * 1000 * QUIET_PINGS, seconds * 1000 * SILENT_PINGS);
  }

  /** A byte came. Costs nothing but a look at the clock: the timer is set anew only when it fires. */
  heard(): void {
    this.#last = this.#environment.now();
  }

  /** Look now. */
  check(): void {
    if (!this.#on) return;
    this.#environment.clearTimeout(this.#timer);
    const now = this.#environment.now();
    this.#last = Math.min(this.#last, now); // the clock was set back
    const idle = now - this.#last;
    const pinged = this.#quietMs < this.#silentMs;
    const hidden = pinged && this.#environment.isHidden();
    const silentMs = hidden ? Math.max(this.#silentMs, HIDDEN_SILENT_MS) : this.#silentMs;
    if (idle >= silentMs) {
      this.stop();
      this.#events.onSilent();
      return;
    }
    const quiet = idle >= this.#quietMs;
    if (quiet && !hidden) this.#events.onQuiet();
    this.#timer = this.#environment.setTimeout(
      () => this.check(),
      (quiet ? silentMs : Math.min(this.#quietMs, silentMs)) - idle,
    );
  }

  stop(): void {
    this.#on = false;
    this.#environment.clearTimeout(this.#timer);
  }

  #set(quietMs: number, silentMs: number): void {
    this.#on = true;
    this.#quietMs = quietMs;
    this.#silentMs = silentMs;
    this.heard();
    this.check();
  }
}
