/** What is kept of a command until its answer is there. */

import type { HeadwayError } from "../errors.ts";

/** A command as it is stored. No token is in it, and no header: it is sent with the identity of whoever sends it. */
export interface Entry {
  /** Its place in the order; given by the database. */
  readonly n?: number;
  readonly id: string;
  readonly url: string;
  readonly body: object;
  readonly label: string;
  /** The run it is for, as it was named; null: it is the application's own. */
  readonly run: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly tries: number;
  /** A page has been sending it since; it counts for dead after this time. 0: nobody sends it. */
  readonly sendingUntil: number;
  /** When it is due again, and before when nobody may ask for that. */
  readonly retryAt: number;
  readonly notBefore: number;
  /** Why the last try failed. */
  readonly trouble: string | null;
}

/** A command that waits for its answer. Times are milliseconds since the epoch. */
export interface Queued {
  /** It is sent as `Idempotency-Key`. */
  readonly id: string;
  readonly label: string;
  readonly url: string;
  /** The run it is for, as it was named; null: it is the application's own. */
  readonly run: string | null;
  readonly state: "queued" | "sending";
  readonly createdAt: number;
  /** It is given up at this time. */
  readonly expiresAt: number;
  /** How often it was sent. */
  readonly tries: number;
  /** When it is sent again, or null before it failed. */
  readonly retryAt: number | null;
  /** Why the last try failed, in words for people; null: it did not. */
  readonly trouble: string | null;
}

/** What became of a command: the server's answer, or why there will be none. */
export interface Settled {
  readonly id: string;
  readonly label: string;
  readonly run: string | null;
  readonly answer: unknown;
  /** Refused by the server; `timeout`: given up at the end of its time; `aborted`: taken back. */
  readonly error: HeadwayError | null;
}

export function queuedOf(entry: Entry, now: number): Queued {
  const { n, body, notBefore, sendingUntil, retryAt, ...shown } = entry;
  return { ...shown, retryAt: retryAt || null, state: sendingUntil > now ? "sending" : "queued" };
}
