/** A run as a connection object: connect, disconnect, send, on, off. */

import type { ConnectionInfo } from "../connection.ts";
import type { EventOf, EventType, RunEvent } from "../contract.gen.ts";
import { HeadwayError } from "../errors.ts";
import { Headway, type HeadwayOptions } from "../headway.ts";
import { createOutbox, type Outbox } from "../outbox.ts";
import type { RunState } from "../run.ts";
import { isEnded } from "../transitions.ts";
import type { Notice } from "../wire.ts";
import { checkedOutgoing, dataOf, isEvent, isGood, lessonsOf, type Message, type Outgoing } from "./messages.ts";

/** In these what is shown is up to date. */
const WELL: readonly string[] = ["live", "follower", "closed"];

/** What there is to listen to. `error` is that of the messages; Headway's own event of that name comes under `*`. */
export type ConnectionEvents = {
  /** The run has moved. */
  progress: Message;
  /** It has ended, with a result; again when it was tried again and ended again. */
  complete: Message;
  /** It failed or was cancelled, or watching it ended for good. */
  error: Message;
  /** There is something new to be learned. */
  educational: Message;
  /** The connection has changed. */
  status: ConnectionInfo;
  /** Every event, in order. */
  "*": RunEvent;
  /** An operator's words to everybody. */
  notice: Notice;
} & { [Type in Exclude<EventType, "error">]: EventOf<Type> };

export interface ConnectOptions extends HeadwayOptions {
  /** Watch through this client, with its connections and its identity. */
  client?: Headway | undefined;
  /** What `send` goes through. @defaultValue one for each client, made when something is sent */
  outbox?: Outbox | undefined;
}

/** Its functions need no `this`. */
export interface RunConnection {
  /**
   * Open the connection, or take it up again.
   *
   * @returns When it is open and the run is known. A network that breaks makes it later, not wrong.
   * @throws HeadwayError It cannot be opened, whatever is tried; `aborted`: `disconnect` came first.
   */
  connect(): Promise<void>;
  /** Close the connection. The run goes on, and so do commands that were sent. */
  disconnect(): void;
  /**
   * Send a command through the outbox.
   *
   * @returns The server's acknowledgement, when this page is still there by then.
   * @throws HeadwayError As `Outbox.send`; `invalid`: the message says nothing that can be sent.
   */
  send(message: Outgoing): Promise<unknown>;
  /** Listen; before or after `connect`. */
  on<Name extends keyof ConnectionEvents>(event: Name, handler: (message: ConnectionEvents[Name]) => void): void;
  off<Name extends keyof ConnectionEvents>(event: Name, handler: (message: ConnectionEvents[Name]) => void): void;
  isConnected(): boolean;
  /** Connect anew at once, also after a final error. Returns and throws as `connect`. */
  reconnect(): Promise<void>;
  /** Ask every so many milliseconds instead of holding a stream open, from now on. @defaultValue each waits for news */
  startPolling(everyMs?: number): void;
  /** Use a stream again. */
  stopPolling(): void;
  /** Do now what happens by itself where streams do not get through: poll, each time until there are news. */
  activateFallback(): void;
  /** Try a stream again at once, rather than after a while. */
  deactivateFallback(): void;
}

const outboxes = new WeakMap<Headway, Outbox>();

/**
 * Make a connection to a run. Nothing is opened before `connect`.
 *
 * @param target A run id; its address; or the address of a stream in your own application.
 */
export function createConnection(target: string, options: ConnectOptions = {}): RunConnection {
  const { client, outbox, ...rest } = options;
  const headway = client ?? new Headway(rest);
  const handle = headway.run(target);
  const { now } = headway.shared.environment;
  const handlers = new Map<string, Set<(message: never) => void>>();
  let waiting: { resolve(): void; reject(error: HeadwayError): void }[] = [];
  let ends: (() => void)[] = [];
  let last: RunState | undefined;
  let told = "";
  let lesson = 0;

  const emit = <Name extends keyof ConnectionEvents>(name: Name, message: ConnectionEvents[Name]) => {
    for (const handler of [...(handlers.get(name) ?? [])]) {
      try {
        handler(message as never);
      } catch (error) {
        void Promise.reject(error); // reported, and nobody else misses anything
      }
    }
  };

  const isOpen = () => {
    const { connection, run } = handle.getSnapshot();
    return run !== null && WELL.includes(connection.state);
  };

  const settle = (how: (one: (typeof waiting)[number]) => void) => {
    const all = waiting;
    waiting = [];
    for (const one of all) how(one);
  };

  const showConnection = ({ connection, error, run }: RunState, before?: RunState) => {
    if (connection === before?.connection) return;
    emit("status", connection);
    if (!error) return;
    settle(({ reject }) => reject(error));
    const known = { step: null, total_steps: 0, progress: null, message: "", run_id: "", status: null };
    const timestamp = new Date(now()).toISOString();
    emit("error", {
      event: "error",
      data: { ...known, ...(run && dataOf(run, now())), timestamp, error: error.message },
    });
  };

  const showRun = ({ run }: RunState, before?: RunState) => {
    if (!run || run === before?.run) return;
    const data = dataOf(run, now());
    const newest = lessonsOf(run).at(-1)?.seq ?? 0;
    if (newest > lesson) emit("educational", { event: "educational", data });
    lesson = Math.max(lesson, newest);
    const { timestamp, educational_content, ...moved } = data;
    const tells = JSON.stringify([run.attempt, moved]);
    if (tells === told) return;
    told = tells;
    const event = !isEnded(run.status) ? "progress" : isGood(run) ? "complete" : "error";
    emit(event, { event, data });
  };

  const show = () => {
    const before = last;
    last = handle.getSnapshot();
    showConnection(last, before);
    showRun(last, before);
    if (isOpen()) settle(({ resolve }) => resolve());
  };

  const take = (event: RunEvent) => {
    if (!isEvent(event)) return;
    if (event.type !== "error") emit(event.type, event as never);
    emit("*", event);
  };

  const open = (): Promise<void> => {
    const opened = new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    if (isOpen()) settle(({ resolve }) => resolve());
    return opened;
  };

  const reconnect = () => {
    // Somebody else's view of the same run may have seen it fail.
    const begun = ends.length > 0 || handle.getSnapshot().connection.state === "failed";
    if (ends.length === 0)
      ends = [handle.subscribe(show, 0), handle.on("*", take), handle.on("notice", (n) => emit("notice", n))];
    if (begun) handle.reconnect();
    const opened = open();
    show();
    return opened;
  };

  const box = () => {
    const found = outbox ?? outboxes.get(headway) ?? createOutbox(headway);
    outboxes.set(headway, found);
    return found;
  };

  const shown = () => {
    const { run } = handle.getSnapshot();
    if (!run) throw new HeadwayError("invalid", "Nothing is known of the run yet: connect first.");
    return run;
  };

  return {
    connect: () => (ends.length > 0 && handle.getSnapshot().connection.state !== "failed" ? open() : reconnect()),
    disconnect() {
      for (const end of ends) end();
      ends = [];
      settle(({ reject }) => reject(new HeadwayError("aborted", "The connection was closed first.")));
    },
    async send(message) {
      const { event, data } = checkedOutgoing(message);
      if (event === "command") return box().send(data);
      if (event === "answer") return box().answer(target, data.ask_id, data.data);
      const { attempt, seq } = shown();
      return event === "cancel" ? box().cancel(target, { ...data, attempt }) : box().retry(target, { ...data, seq });
    },
    on(event, handler) {
      handlers.set(event, (handlers.get(event) ?? new Set()).add(handler as never));
    },
    off: (event, handler) => void handlers.get(event)?.delete(handler as never),
    isConnected: () => ends.length > 0 && isOpen(),
    reconnect,
    startPolling: handle.startPolling,
    stopPolling: handle.stopPolling,
    activateFallback: () => handle.startPolling(),
    deactivateFallback: handle.stopPolling,
  };
}
