/**
 * Other shapes for the same thing: a connection object, a polling service, a run by callbacks. Each is thin; what it does
 * is done by the client.
 *
 * @packageDocumentation
 */

export {
  type ConnectionEvents,
  type ConnectOptions,
  createConnection,
  type RunConnection,
} from "./faces/connect.ts";
export {
  type CreateOptions,
  type CreateRun,
  type Creation,
  createRun,
  type JobTypes,
  type RunCallbacks,
  type RunProblem,
} from "./faces/creation.ts";
export type { EducationalContent, Message, MessageData, Outgoing } from "./faces/messages.ts";
export { createPolling, type Polling, type PollingOptions } from "./faces/polling.ts";
