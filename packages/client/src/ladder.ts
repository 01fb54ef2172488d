/** Which transport to use: the best that works, and now and then another try of a better one. */

const FAILURES_MAX = 3;
const CLIMB_GROWTH_MAX = 10;

/** How a connection that did not last went. */
export interface Failure {
  /** The server had answered. */
  opened: boolean;
  /** The connection stood, but nothing came through it: something on the way holds the stream back. */
  silent: boolean;
}

/**
 * A ladder of transports, the best first. Three failures before an answer, or a connection through which nothing comes,
 * lead one step down; from the last step it goes on at the top. After a while below the top the top is tried again.
 */
export class Ladder<Step> {
  readonly #steps: readonly [Step, ...Step[]];
  readonly #climbMs: number;
  readonly #now: () => number;
  #at = 0;
  #failures = 0;
  #growth = 1;
  #climbAt = Number.POSITIVE_INFINITY;
  #trial = false;

  constructor(steps: readonly [Step, ...Step[]], climbMs: number, now: () => number) {
    this.#steps = steps;
    this.#climbMs = climbMs;
    this.#now = now;
  }

  /** Return what to use for the next connection. */
  next(): Step {
    this.#trial = this.#at > 0 && this.#now() >= this.#climbAt;
    return this.#step(this.#trial ? 0 : this.#at);
  }

  /** The connection works: events or heartbeats come. */
  worked(): void {
    this.#failures = 0;
    if (this.#trial) this.#at = 0;
    this.#trial = false;
    if (this.#at === 0) this.#growth = 1;
  }

  /** The connection failed; returns true when another transport is at hand and the server is not to be spared. */
  failed({ opened, silent }: Failure): boolean {
    if (this.#trial) {
      this.#growth = Math.min(this.#growth * 2, CLIMB_GROWTH_MAX);
      this.#rest();
      return true;
    }
    this.#failures = opened && !silent ? 0 : this.#failures + 1;
    if (silent || this.#failures >= FAILURES_MAX) this.#down();
    return silent && this.#at > 0;
  }

  /** The server asks to use the step below, for at least `ms`. */
  stepDown(ms: number): void {
    if (this.#at === 0) this.#down();
    else this.#rest();
    this.#climbAt = Math.max(this.#climbAt, this.#now() + ms);
  }

  #down(): void {
    this.#failures = 0;
    this.#at = (this.#at + 1) % this.#steps.length;
    this.#rest();
  }

  #rest(): void {
    this.#trial = false;
    this.#climbAt = this.#now() + this.#climbMs * this.#growth;
  }

  #step(at: number): Step {
    return this.#steps[at] ?? this.#steps[0];
  }
}
