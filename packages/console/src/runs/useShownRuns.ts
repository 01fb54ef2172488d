import type { RunQuery } from "@headway-run/client";
import { type ConnectionStatus, type UsedRuns, useRuns } from "@headway-run/react";
import { useEffect, useMemo } from "react";
import { serverTime } from "../clock.ts";
import { useConnection } from "../model/connection.ts";
import { remember, remembered } from "./remembered.ts";

export interface ShownRuns extends Pick<UsedRuns, "runs" | "next" | "fresh" | "error" | "showFresh"> {
  readonly status: ConnectionStatus;
  /** As of when the list is true, by the server's clock; null: it is as of now, or about to be. */
  readonly asOf: number | null;
}

/** The runs of a list; until they come, as they were when the list was left. */
export function useShownRuns(query: RunQuery): ShownRuns {
  const { runs, next, fresh, error, handle, showFresh } = useRuns(query);
  const status = useConnection(handle);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same query is another object each time
  const before = useMemo(() => remembered(query), [JSON.stringify(query)]);
  const isUp = status.state === "live" || status.state === "follower";
  useEffect(() => {
    // It is true until something else is drawn.
    return runs && isUp ? () => remember(query, { runs, next, at: Date.now() }) : undefined;
  });
  if (runs) return { runs, next, fresh, error, showFresh, status, asOf: status.outdated ? status.downAt : null };
  const isLost = status.trouble !== null || error !== null;
  const asOf = before && isLost ? serverTime(before.at) : null;
  return { runs: before?.runs ?? null, next: before?.next ?? null, fresh, error, showFresh, status, asOf };
}
