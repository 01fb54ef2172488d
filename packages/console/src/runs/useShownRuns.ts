import type { RunSearch } from "@headway-run/client";
import { type ConnectionStatus, type UsedRuns, useRuns } from "@headway-run/react";
import { useEffect, useMemo } from "react";
import { serverTime } from "../clock.ts";
import { useConnection } from "../model/connection.ts";
import { remember, remembered } from "./remembered.ts";

export interface ShownRuns extends Pick<UsedRuns, "runs" | "next" | "incomplete" | "fresh" | "error" | "showFresh"> {
  readonly status: ConnectionStatus;
  /** As of when the list is true, by the server's clock; null: it is as of now, or about to be. */
  readonly asOf: number | null;
}

/** The runs of a list; until they come, as they were when the list was left. */
export function useShownRuns(query: RunSearch): ShownRuns {
  const { runs, next, incomplete, fresh, error, handle, showFresh } = useRuns(query);
  const status = useConnection(handle);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same query is another object each time
  const before = useMemo(() => remembered(query), [JSON.stringify(query)]);
  const isUp = status.state === "live" || status.state === "follower";
  useEffect(() => {
    // It is true until something else is drawn.
    return runs && isUp ? () => remember(query, { runs, next, incomplete, at: Date.now() }) : undefined;
  });
  const shared = { fresh, error, showFresh, status };
  if (runs) return { ...shared, runs, next, incomplete, asOf: status.outdated ? status.downAt : null };
  const isLost = status.trouble !== null || error !== null;
  const asOf = before && isLost ? serverTime(before.at) : null;
  return { ...shared, ...(before ?? { runs: null, next: null, incomplete: false }), asOf };
}
