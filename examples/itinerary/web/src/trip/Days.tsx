import type { RunHandle, Snapshot } from "@headway-run/client";
import { hasEnded, setbackOf } from "@headway-run/react/words";
import { useCallback } from "react";
import { placesByDay, placesOf } from "../model/places.ts";
import { daysOf } from "../model/status.ts";
import { DayCard } from "./DayCard.tsx";

interface DaysProps {
  run: Snapshot;
  handle: RunHandle;
  /** What is shown is not up to date. */
  stale: boolean;
}

/** The days in their order, from the first moment on. */
export function Days({ run, handle, stale }: DaysProps) {
  const retry = useCallback((items: readonly string[]) => handle.retry({ items }), [handle]);
  const places = placesByDay(run);
  return (
    <section aria-labelledby="days" aria-busy={!hasEnded(run.status)}>
      <h2 id="days" className="hw-hidden">
        Days
      </h2>
      <ol className="days">
        {daysOf(run).map(([key, item], index) => (
          <DayCard
            key={key}
            id={key}
            number={index + 1}
            item={item}
            places={placesOf(places, key)}
            setback={setbackOf(run, key)}
            status={run.status}
            stale={stale}
            onRetry={retry}
          />
        ))}
      </ol>
    </section>
  );
}
