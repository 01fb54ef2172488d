/** One run as an application sees it: its state, its events, its commands. */

import type { Address } from "./address.ts";
import { Connection, type ConnectionInfo } from "./connection.ts";
import type { EventType, Snapshot } from "./contract.gen.ts";
import { HeadwayError } from "./errors.ts";
import { type FeedCounts, type ListenerOf, RunFeed } from "./feed.ts";
import type { Http } from "./http.ts";
import type { Timing } from "./timing.ts";
import type { Appended, Live } from "./wire.ts";

/** What there is to be shown. The same object until something in it changes. */
export interface RunState {
  /** The run, or null as long as nothing came. */
  readonly run: Snapshot | null;
  /** Queue position and the like. */
  readonly live: Live | null;
  readonly connection: ConnectionInfo;
  /** Why watching ended for good, in words for people; null while it goes on. */
  readonly error: HeadwayError | null;
}

export interface RunParts {
  address: Address;
  http: Http;
  timing: Timing;
  /** State that is known already, as from the answer that created the run. */
  snapshot?: Snapshot | null | undefined;
}

/**
 * A run that can be watched and commanded. All views of a page share one, and with it one connection: it opens with
 * the first of them and closes a moment after the last, so that a page that changes its views does not reconnect.
 */
export class RunHandle {
  readonly #parts: RunParts;
  readonly #feed: RunFeed;
  readonly #connection: Connection;
  readonly #listeners: Set<() => void> = new Set();
  #retained = 0;
  #lingering: unknown;
  #state: RunState | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const onChange = () => this.#notify();
    this.#feed = new RunFeed(onChange);
    this.#connection = new Connection({ ...parts, feed: this.#feed, onChange });
    if (parts.snapshot) this.#feed.replace(parts.snapshot);
  }

  // -- reading

  /**
   * Watch the state: `listener` is called after every change, many times a second when much happens. Opens the
   * connection. Returns a function that ends it.
   */
  readonly subscribe = (listener: () => void): (() => void) => {
    const own = () => listener(); // the same function may subscribe twice
    this.#listeners.add(own);
    return this.#retainUntil(() => this.#listeners.delete(own));
  };

  /** Return the state as it is now. */
  readonly getSnapshot = (): RunState => {
    const connection = this.#connection.info;
    const error = connection.state === "failed" ? connection.trouble : null;
    this.#state ??= { run: this.#feed.run, live: this.#feed.liveState, connection, error };
    return this.#state;
  };

  /**
   * Listen to the run's events of one type, or to all (`*`), or to an operator's words to everybody (`notice`). Opens
   * the connection. Each event comes once and in order; those that a snapshot stands for do not come: what must see
   * every event reads the log. Returns a function that ends it.
   */
  on<Type extends EventType | "*" | "notice">(type: Type, listener: ListenerOf<Type>): () => void {
    return this.#retainUntil(this.#feed.on(type, listener));
  }

  /** Keep the connection open until `release`. */
  retain(): void {
    this.#parts.http.environment.clearTimeout(this.#lingering);
    if (this.#retained++ === 0) this.#connection.start();
  }

  /** Let go of the connection; the last one closes it after a moment. What was received stays. */
  release(): void {
    if (this.#retained === 0 || --this.#retained > 0) return;
    const close = () => this.#connection.stop();
    this.#lingering = this.#parts.http.environment.setTimeout(close, this.#parts.timing.lingerMs);
  }

  /** Connect anew at once, also after a final error. */
  reconnect(): void {
    this.#connection.reconnect();
  }

  /** Counts of what came, for diagnostics. */
  get counts(): Readonly<FeedCounts> {
    return this.#feed.counts;
  }

  // -- commands

  /** Ask for the run to be stopped. An ended run stays as it is: the answer tells its status. */
  cancel(reason?: string): Promise<Appended> {
    return this.#command("cancel", { reason: reason ?? null });
  }

  /**
   * Try a failed, partial or cancelled run again: the items named, or all that failed.
   *
   * @throws HeadwayError `conflict` when the run has moved on since what is shown here.
   */
  async retry({ items }: { items?: readonly string[] } = {}): Promise<Appended> {
    const appended = await this.#command("retry", { seq: this.#feed.seq, items: items ?? null });
    this.#connection.reopened();
    return appended;
  }

  /** Answer a question the run waits for. */
  answer(askId: string, data: unknown): Promise<Appended> {
    return this.#command("input", { ask_id: askId, data });
  }

  #command(name: string, body: unknown): Promise<Appended> {
    const { address, http } = this.#parts;
    if (address.self === null) {
      return Promise.reject(
        new HeadwayError("invalid", "Only the stream of this run is known, not where to command it."),
      );
    }
    return http.json<Appended>(`${address.self}/${name}`, { method: "POST", body });
  }

  // -- sharing

  #retainUntil(end: () => void): () => void {
    this.retain();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      end();
      this.release();
    };
  }

  #notify(): void {
    this.#state = undefined;
    for (const listener of this.#listeners) listener();
  }
}
