/**
 * Follow Headway runs: snapshot, live events, resume, whatever the network does.
 *
 * @packageDocumentation
 */

export type { ConnectionInfo } from "./connection.ts";
export type * from "./contract.gen.ts";
export type { Environment, WakeSign } from "./environment.ts";
export { type ErrorCategory, HeadwayError, type Problem } from "./errors.ts";
export { type Applied, Fold } from "./fold.ts";
export { Headway, type HeadwayOptions, type Started, type StartOptions } from "./headway.ts";
export type { GetToken } from "./http.ts";
export type { ConnectionState, Sign } from "./machine.ts";
export type { Note } from "./note.ts";
export type { Listener, RunHandle, RunState, Topic } from "./run.ts";
export type { Transport, TransportName } from "./transport.ts";
export { type WatchOptions, watchRun } from "./watch.ts";
export type { Appended, Live, Notice, RunPage, RunQuery, RunSearch, RunSummary, StartedRun } from "./wire.ts";
