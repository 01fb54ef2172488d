/**
 * React hooks for Headway runs.
 *
 * @packageDocumentation
 */

export { HeadwayProvider, type HeadwayProviderProps, useHeadway } from "./hooks/provider.ts";
export type { Showing, Watched } from "./hooks/shown.ts";
export { type Action, type Command, useCommand } from "./hooks/useCommand.ts";
export { type ConnectionStatus, useConnectionStatus } from "./hooks/useConnectionStatus.ts";
export { type KeptFocus, useKeptFocus } from "./hooks/useKeptFocus.ts";
export { useNow } from "./hooks/useNow.ts";
export { type UsedRun, type UseRunOptions, useRun } from "./hooks/useRun.ts";
export { type UsedRuns, type UseRunsOptions, useRuns } from "./hooks/useRuns.ts";
export { type UsedSSE, type UseSSEOptions, useSSE } from "./hooks/useSSE.ts";
