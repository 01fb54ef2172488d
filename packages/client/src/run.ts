/** One run as an application sees it: its state, its events, its commands. */

import type { Address } from "./address.ts";
import { type ConnectionInfo, createConnection, type Shared } from "./connection.ts";
import type { EventOf, EventType, RunEvent, RunStatus, Snapshot } from "./contract.gen.ts";
import { throttle } from "./environment.ts";
import { HeadwayError } from "./errors.ts";
import { Fold } from "./fold.ts";
import { merged } from "./merged.ts";
import { isEnded } from "./transitions.ts";
import type { Feed } from "./transport.ts";
import type { Appended, Live, Notice } from "./wire.ts";

/** How long a connection outlives its last viewer. */
const LINGER_MS = 1_000;

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

/** What can be listened to: the run's events by type, `*` for all of them, and an operator's words to everybody. */
export type Topic = EventType | "*" | "notice";

export type Listener<Of extends Topic> = (
  value: Of extends EventType ? EventOf<Of> : Of extends "notice" ? Notice : RunEvent,
) => void;

/**
 * A run that can be watched and commanded. All views of a page share one, and with it one connection: it opens with
 * the first of them and closes a moment after the last, so that a page that changes its views does not reconnect.
 *
 * Its functions need no `this`.
 */
export interface RunHandle {
  /**
   * Watch the state: `listener` is called at a change and then at most once every `everyMs` (33), so that a burst of
   * events is drawn once; 0: after every change. Opens the connection. Returns a function that ends it.
   */
  subscribe(listener: () => void, everyMs?: number): () => void;
  /** Return the state as it is now. */
  getSnapshot(): RunState;
  /**
   * Listen to the run's events of one type, or to all (`*`), or to an operator's words to everybody (`notice`). Opens
   * the connection. Each event comes once and in order; those that a snapshot stands for do not come: what must see
   * every event reads the log. A notice comes once, too, whichever way the run is watched; those that stand already come
   * at once. Returns a function that ends it.
   */
  on<Of extends Topic>(topic: Of, listener: Listener<Of>): () => void;
  /** Keep the connection open until `release`. */
  retain(): void;
  /** Take back one `retain`. When nobody holds on to the connection, it is closed after a moment; what came stays. */
  release(): void;
  /** Connect anew at once, also after a final error. */
  reconnect(): void;
  /**
   * Open no stream from now on, but poll.
   *
   * @param everyMs Ask so often, without waiting for news; by default each question waits for them (long-poll).
   */
  startPolling(everyMs?: number): void;
  /** Use streams again, at once; also where they were given up because they did not get through. */
  stopPolling(): void;
  /**
   * Ask for the run to be stopped. An ended run stays as it is: the answer tells its status.
   *
   * @param attempt The one that is meant; without it whichever is under way when the command arrives.
   * @throws HeadwayError `conflict` when the run has been tried again since that attempt.
   */
  cancel(reason?: string, attempt?: number): Promise<Appended>;
  /**
   * Answer a question of a run that waits. The same answer again changes nothing.
   *
   * @param ask_id Key of the question in the snapshot's `asks`.
   * @param data As the question's `schema` says.
   * @throws HeadwayError `conflict` when the question is not open any more; `invalid` when the answer does not fit.
   */
  answer(ask_id: string, data: unknown): Promise<Appended>;
  /**
   * Try a failed, partial or cancelled run again: the items named, or all that failed.
   *
   * @throws HeadwayError `conflict` when the run has moved on since what is shown here.
   */
  retry(what?: { items?: readonly string[] }): Promise<Appended>;
}

/**
 * @param shared Of the client.
 * @param known The run as far as it is known already, as from the answer that created it.
 */
export function createRun(address: Address, shared: Shared, known?: Snapshot | null): RunHandle {
  const { clearTimeout, setTimeout } = shared.environment;
  /** With what each listens to; views to "". As long as there is one, the connection is open. */
  const listeners = new Map<(value: unknown) => void, string>();
  const retained: (() => void)[] = [];
  const notices = new Map<string, Notice>();
  let fold: Fold | undefined;
  let state: RunState | undefined;
  let lingering: unknown;

  const tell = (topic: string, value?: unknown) => {
    for (const [listener, its] of listeners) {
      if (its !== topic) continue;
      try {
        listener(value);
      } catch (error) {
        // A listener's mistake is reported like any other, but costs nobody else an event.
        void Promise.reject(error);
      }
    }
  };

  const feed: Feed & { handle?: RunHandle } = {
    live: null,
    partial: false,
    position: null,
    notices,
    flush: () => tell(""),
    ended: () => isEnded(fold?.status) && (fold?.status as RunStatus),
    replace(snapshot) {
      fold = new Fold(snapshot);
      feed.position = snapshot.cursor;
    },
    apply(event, cursor) {
      const applied = fold?.apply(event, cursor, feed) ?? "gap";
      shared.observe?.({ run: address.stream, info: info(), sign: applied, detail: event });
      if (fold && applied === "applied") {
        feed.position = fold.cursor;
        tell(event.type, event);
        tell("*", event);
      }
      return applied;
    },
    notice(notice) {
      const { id, over } = notice;
      // One that stands comes again with every connection and every poll.
      if (id && notices.has(id) === !over) return;
      if (over) notices.delete(id as string);
      else if (id) notices.set(id, notice);
      tell("notice", notice);
    },
  };

  if (known) feed.replace(known);
  const { info, poll, reconnect, start, stop } = createConnection(address, feed, shared);

  /** Call a listener, and keep the connection open, until the function that is returned is called. */
  const on = (topic: Topic | "", listener: (value: never) => void) => {
    const own = (value: unknown) => listener(value as never); // the same function may listen twice
    if (topic === "notice") for (const notice of notices.values()) own(notice);
    clearTimeout(lingering);
    listeners.set(own, topic);
    start();
    return () => {
      if (listeners.delete(own) && !listeners.size) lingering = setTimeout(stop, LINGER_MS);
    };
  };

  const command = async (name: string, body: object): Promise<Appended> => {
    if (!address.self) throw new HeadwayError("invalid", "This is only a stream.");
    return shared.json<Appended>(`${address.self}/${name}`, { body });
  };

  const handle: RunHandle = {
    on,
    reconnect,
    retain() {
      retained.push(on("", () => {}));
    },
    release() {
      retained.pop()?.();
    },
    subscribe(listener, everyMs = 33) {
      const [call, cancel] = throttle(shared.environment, everyMs, listener);
      const end = on("", call);
      return () => {
        cancel();
        end();
      };
    },
    getSnapshot() {
      const connection = info();
      const error = connection.state === "failed" ? connection.trouble : null;
      const next = { run: fold?.snapshot() ?? null, live: feed.live, connection, error };
      state = merged(state ?? next, next);
      return state;
    },
    startPolling: (everyMs) => poll(Number.POSITIVE_INFINITY, everyMs),
    stopPolling: () => poll(0),
    cancel: (reason, attempt) => command("cancel", { reason, attempt }),
    answer: (ask_id, data) => command("input", { ask_id, data }),
    async retry(what) {
      const appended = await command("retry", { seq: fold?.seq, ...what });
      if (listeners.size) reconnect();
      return appended;
    },
  };
  // A run with a connection is not forgotten, even when only functions of its handle are held.
  feed.handle = handle;
  return handle;
}
