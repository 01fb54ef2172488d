import type { RunHandle, Snapshot } from "@headway-run/client";
import { useCallback } from "react";
import { daysOf, hasEnded } from "../model/status.ts";
import { DayCard } from "./DayCard.tsx";

/** The days in their order, from the first moment on. */
export function Days({ run, handle }: { run: Snapshot; handle: RunHandle }) {
  const retry = useCallback((key: string) => handle.retry({ items: [key] }), [handle]);
  return (
    <section aria-labelledby="days" aria-busy={!hasEnded(run.status)}>
      <h2 id="days" className="sr-only">
        Days
      </h2>
      <ol className="days">
        {daysOf(run).map(([key, item], index) => (
          <DayCard key={key} id={key} number={index + 1} item={item} status={run.status} onRetry={retry} />
        ))}
      </ol>
    </section>
  );
}
