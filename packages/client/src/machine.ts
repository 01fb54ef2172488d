/**
 * The life of a connection as a table: in which state which sign leads where. A sign that a state does not know leaves
 * it as it is; `stop` leads from everywhere to `idle`.
 *
 * The words of a state are for people, too:
 *
 * - `idle`: nobody watches.
 * - `connecting`: the first try, or one after a break.
 * - `live`: what is shown is true.
 * - `stale`: the connection is open, but the server's heartbeat is late; what is shown may be old.
 * - `backoff`: it broke; the next try is at a known time.
 * - `follower`: what is shown is true; another tab has the connection.
 * - `offline`: it broke, and the browser says that there is no network.
 * - `closed`: the run has ended and everything is here. A run that may be retried is looked after on the quiet.
 * - `failed`: trying again cannot help; `error` says why.
 */

export type ConnectionState =
  | "idle"
  | "connecting"
  | "live"
  | "stale"
  | "backoff"
  | "offline"
  | "follower"
  | "closed"
  | "failed";

/**
 * - `start`, `stop`: somebody watches, nobody does any more.
 * - `opened`, `heard`: the server answered; bytes came.
 * - `followed`: another tab has the connection.
 * - `quiet`: a heartbeat is overdue.
 * - `lost`, `lostOffline`: the connection is gone; the browser says that the network is.
 * - `due`: the time of the next try has come.
 * - `ended`, `reopened`: the run is over; it is tried again.
 * - `refused`: a final error.
 */
export type Sign =
  | "start"
  | "stop"
  | "opened"
  | "heard"
  | "followed"
  | "quiet"
  | "lost"
  | "lostOffline"
  | "due"
  | "ended"
  | "reopened"
  | "refused";

type Moves = Partial<Record<Sign, ConnectionState>>;

const TRYING: Moves = {
  opened: "live",
  followed: "follower",
  quiet: "stale",
  lost: "backoff",
  lostOffline: "offline",
  ended: "closed",
  refused: "failed",
};
export const CONNECTION_TRANSITIONS: Record<ConnectionState, Moves> = {
  idle: { start: "connecting" },
  connecting: TRYING,
  live: TRYING,
  follower: TRYING,
  stale: { ...TRYING, heard: "live" },
  backoff: { due: "connecting" },
  offline: { due: "connecting" },
  closed: { reopened: "live" },
  failed: { start: "connecting" },
};

/** Return the state after a sign. */
export function nextState(state: ConnectionState, sign: Sign): ConnectionState {
  return sign === "stop" ? "idle" : (CONNECTION_TRANSITIONS[state][sign] ?? state);
}
