/** What a connection's states and errors are called where people read them; one table for pages, dialogs and reports. */

import type { ConnectionInfo } from "../connection.ts";
import type { ErrorCategory, HeadwayError } from "../errors.ts";
import type { ConnectionState } from "../machine.ts";

export interface Words {
  /** One or two words, for a label. */
  readonly word: string;
  /** What it means, in a sentence. */
  readonly text: string;
}

export const STATE_WORDS: Readonly<Record<ConnectionState, Words>> = {
  idle: { word: "Not watching", text: "Nothing is being watched." },
  connecting: { word: "Connecting", text: "The connection is being made." },
  live: { word: "Live", text: "What is shown is up to date." },
  stale: { word: "Reconnecting", text: "Nothing has come for a while: what is shown may be old." },
  backoff: { word: "Reconnecting", text: "The connection broke. It is tried again by itself." },
  offline: { word: "Offline", text: "This device is offline. It goes on by itself when the network is back." },
  follower: { word: "Live", text: "What is shown is up to date, through another tab of this browser." },
  closed: { word: "Ended", text: "The run has ended, and everything is here." },
  failed: { word: "Not connected", text: "It cannot be shown, and trying again does not help." },
};

const POLLING: Words = { word: "Polling", text: "What is shown is up to date, by asking again and again." };

/** `word`: what went wrong. `text`: what that means for whoever reads it, and what can be done. */
export const ERROR_WORDS: Readonly<Record<ErrorCategory, Words>> = {
  network: {
    word: "No connection",
    text: "The server cannot be reached. Check the network; it is tried again by itself.",
  },
  timeout: { word: "No answer", text: "The server does not answer. It is tried again by itself." },
  auth: { word: "Signed out", text: "Your sign-in is not valid any more. Sign in again." },
  forbidden: { word: "Not allowed", text: "You may not see this. Ask whoever runs it for access." },
  not_found: { word: "Not found", text: "It does not exist, or it was deleted." },
  expired: { word: "Trimmed", text: "The older part of it is gone; how it stands now is shown." },
  conflict: { word: "Too late", text: "It has changed since. Look at it again." },
  invalid: { word: "Refused", text: "The server does not take it like this." },
  rate_limited: { word: "Too many requests", text: "The server asks to slow down. It is tried again by itself." },
  server: { word: "Server trouble", text: "The server has trouble of its own. It is tried again by itself." },
  protocol: { word: "Wrong address", text: "Something else than Headway answers there." },
  aborted: { word: "Stopped", text: "It was stopped from this side." },
};

/** Return what a connection's state is called. */
export function connectionWords({ state, transport }: Pick<ConnectionInfo, "state" | "transport">): Words {
  return state === "live" && transport === "poll" ? POLLING : STATE_WORDS[state];
}

/** Return what an error is called. Its own message says more of the case, and in the server's words. */
export function errorWords({ category }: Pick<HeadwayError, "category">): Words {
  return ERROR_WORDS[category];
}
