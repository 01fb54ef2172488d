/**
 * Follow Headway runs: snapshot, live events, resume, whatever the network does.
 *
 * @packageDocumentation
 */

export type { ConnectionInfo } from "./connection.ts";
export type * from "./contract.gen.ts";
export { browser, type Environment, throttle, type WakeSign } from "./environment.ts";
export { type ErrorCategory, HeadwayError } from "./errors.ts";
export type { FeedCounts, ListenerOf } from "./feed.ts";
export { type Applied, Fold } from "./fold.ts";
export { Headway, type HeadwayOptions, type Started, type StartOptions } from "./headway.ts";
export type { GetToken } from "./http.ts";
export type { ConnectionState } from "./machine.ts";
export { RunHandle, type RunState } from "./run.ts";
export { TIMING, type Timing } from "./timing.ts";
export { isEnded } from "./transitions.ts";
export type { TransportName } from "./transport.ts";
export { FRAME_MS, type WatchOptions, watchRun } from "./watch.ts";
export type { Appended, Live, Notice, RunPage, RunQuery, RunSummary, StartedRun } from "./wire.ts";

/** Version of this package. */
export const VERSION = "0.1.0";
