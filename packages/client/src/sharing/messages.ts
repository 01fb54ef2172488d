/** What the tabs that share a connection say to each other. */

import type { ConnectionInfo } from "../connection.ts";
import type { RunEvent, Snapshot } from "../contract.gen.ts";
import type { ErrorCategory, Problem } from "../errors.ts";
import type { Live, Notice } from "../wire.ts";

/** How the connection of the tab that leads stands, and what is true of the run beside its log. */
export interface How {
  readonly state: ConnectionInfo["state"];
  readonly live: Live | null;
  /** Why it failed for good. */
  readonly trouble: {
    category: ErrorCategory;
    message: string;
    status: number | null;
    problem: Partial<Problem>;
  } | null;
}

/** Of a tab that follows; `run` is the address of its stream. */
export type Asked =
  /** Pass this run on to me. `sure`: what was said is older than what I have; say it again if it is true. */
  | { kind: "want"; tab: string; run: string; cursor: string | null; sure: boolean }
  | { kind: "drop"; tab: string; run: string }
  /** Is somebody there? */
  | { kind: "ask" };

/** Of the tab that leads. */
export type Told =
  /** I lead from now on: tell me what you want. */
  | { kind: "lead" }
  | { kind: "here" }
  /** A state, for one tab or for all (`to` null); without a snapshot: what you have is the state. */
  | { kind: "state"; to: string | null; run: string; snapshot: Snapshot | null; sure: boolean; how: How }
  | { kind: "events"; run: string; events: RunEvent[]; cursor: string; how: How }
  | { kind: "how"; run: string; how: How }
  | { kind: "notice"; run: string; notice: Notice };

export type Message = Asked | Told;

/** Tell what followers say from what the tab says that leads: everybody hears both. */
export function isAsked(message: Message): message is Asked {
  return ["want", "drop", "ask"].includes(message.kind);
}

/** A BroadcastChannel that may be closed for a while: a page in the back/forward cache must not have one. */
export interface Channel {
  open(): void;
  close(): void;
  /** Tell the other tabs, in order. Nothing is said while it is closed. */
  post(message: Message): void;
}

export function createChannel(name: string, onMessage: (message: Message) => void): Channel {
  let channel: BroadcastChannel | null = null;
  return {
    open() {
      try {
        channel ??= new BroadcastChannel(name);
        channel.onmessage = ({ data }) => onMessage(data as Message);
      } catch {
        // The browser gives this page none: it is as alone as one without locks.
      }
    },
    close() {
      channel?.close();
      channel = null;
    },
    post: (message) => channel?.postMessage(message),
  };
}
