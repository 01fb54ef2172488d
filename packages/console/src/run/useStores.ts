import { useHeadway } from "@headway-run/react";
import { useMemo } from "react";
import { Lines } from "./log/lines.ts";
import { createLogStore, type LogStore } from "./logStore.ts";
import { Timeline } from "./timeline/model.ts";

/** What of a log says when something waited, worked and ended. */
const TIMED = [
  "run",
  "phase.started",
  "phase.finished",
  "phase.failed",
  "item.planned",
  "item.started",
  "item.finished",
  "item.failed",
  "output.started",
  "output.finished",
  "step",
  "error",
];

export interface Stores {
  readonly timeline: LogStore<Timeline>;
  readonly lines: LogStore<Lines>;
}

/** What the tabs of a run's page read of its log; it stays when one goes from tab to tab. */
export function useStores(runId: string): Stores {
  const headway = useHeadway();
  return useMemo(() => {
    const handle = headway.run(runId);
    return {
      timeline: createLogStore(runId, handle, TIMED, new Timeline()),
      lines: createLogStore(runId, handle, ["log"], new Lines()),
    };
  }, [headway, runId]);
}
