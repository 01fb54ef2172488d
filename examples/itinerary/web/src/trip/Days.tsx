import type { RunHandle, Snapshot } from "@headway-run/client";
import { useCallback } from "react";
import { placesByDay, placesOf } from "../model/places.ts";
import { daysOf, hasEnded } from "../model/status.ts";
import { setbackOf } from "../model/troubles.ts";
import { DayCard } from "./DayCard.tsx";

/** The days in their order, from the first moment on. */
export function Days({ run, handle }: { run: Snapshot; handle: RunHandle }) {
  const retry = useCallback((items: readonly string[]) => handle.retry({ items }), [handle]);
  const places = placesByDay(run);
  return (
    <section aria-labelledby="days" aria-busy={!hasEnded(run.status)}>
      <h2 id="days" className="sr-only">
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
            onRetry={retry}
          />
        ))}
      </ol>
    </section>
  );
}
