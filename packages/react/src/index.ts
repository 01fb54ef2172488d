/**
 * React hooks for Headway runs.
 *
 * @packageDocumentation
 */

export { HeadwayProvider, type HeadwayProviderProps, useHeadway } from "./provider.ts";
export { type UsedRun, type UseRunOptions, useConnection, useRun } from "./run.ts";
