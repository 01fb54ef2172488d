/** State of one run as far as it is here: what transports write into and views read. */

import type { EventOf, EventType, RunEvent, Snapshot } from "./contract.gen.ts";
import { type Applied, Fold } from "./fold.ts";
import { isEnded } from "./transitions.ts";
import type { Feed } from "./transport.ts";
import type { Live, Notice } from "./wire.ts";

/** What can be listened to: events by type, `*` for all of them, and an operator's notices. */
export type ListenerOf<Type extends EventType | "*" | "notice"> = (
  value: Type extends EventType ? EventOf<Type> : Type extends "notice" ? Notice : RunEvent,
) => void;

/** Counts for whoever looks into a connection. */
export interface FeedCounts {
  events: number;
  duplicates: number;
  gaps: number;
  snapshots: number;
}

type Listener = (value: never) => void;

export class RunFeed implements Feed {
  readonly counts: FeedCounts = { events: 0, duplicates: 0, gaps: 0, snapshots: 0 };
  readonly #onFlush: () => void;
  readonly #listeners: Map<string, Set<Listener>> = new Map();
  #fold: Fold | undefined;
  #live: Live | null = null;
  #forgotten = false;
  #changed = false;

  /** @param onFlush Called when there is something new to be seen. */
  constructor(onFlush: () => void) {
    this.#onFlush = onFlush;
  }

  get position(): string | null {
    return this.#fold && !this.#forgotten ? this.#fold.cursor : null;
  }

  get seq(): number {
    return this.#fold?.seq ?? 0;
  }

  get isEnded(): boolean {
    return isEnded(this.#fold?.status ?? null);
  }

  get isFinal(): boolean {
    return this.#fold?.status === "succeeded";
  }

  /** The state, or null as long as nothing came. */
  get run(): Snapshot | null {
    return this.#fold?.snapshot() ?? null;
  }

  get liveState(): Live | null {
    return this.#live;
  }

  replace(snapshot: Snapshot, cursor: string = snapshot.cursor): void {
    this.#fold = new Fold({ ...snapshot, cursor });
    this.#forgotten = false;
    this.#changed = true;
    this.counts.snapshots++;
  }

  apply(event: RunEvent, cursor: string | undefined, partial = false): Applied {
    this.#fold ??= new Fold();
    const applied = this.#fold.apply(event, cursor, { partial });
    if (applied === "duplicate") this.counts.duplicates++;
    if (applied === "gap") this.counts.gaps++;
    if (applied !== "applied") return applied;
    this.counts.events++;
    this.#changed = true;
    this.#tell(event.type, event);
    this.#tell("*", event);
    return applied;
  }

  live(live: Live | null): void {
    this.#live = live;
    this.#changed = true;
  }

  notice(notice: Notice): void {
    this.#tell("notice", notice);
  }

  forget(): void {
    this.#forgotten = true;
  }

  flush(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.#onFlush();
  }

  /** Listen to events, each once and in order; returns a function that ends it. */
  on(type: string, listener: Listener): () => void {
    const own: Listener = (value) => listener(value); // the same function may listen twice
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(own));
    return () => listeners.delete(own);
  }

  #tell(type: string, value: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      try {
        listener(value as never);
      } catch (error) {
        // A listener's mistake is reported like any other, but costs nobody else an event.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
