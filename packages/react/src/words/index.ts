/**
 * What is said of runs and connections, in words for people. Framework-free.
 *
 * @packageDocumentation
 */

export * from "./announce.ts";
export * from "./connection.ts";
export * from "./progress.ts";
export * from "./status.ts";
export * from "./time.ts";
