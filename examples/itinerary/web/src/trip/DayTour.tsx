import type { RunStatus } from "@headway-run/client";
import { count } from "@headway-run/react/words";
import { type Places, placeItem } from "../model/places.ts";
import { type Day, stopsOf } from "../model/tour.ts";
import { distance, money } from "../model/words.ts";
import { RouteMap } from "./RouteMap.tsx";
import { StopLine } from "./StopLine.tsx";
import type { Retry } from "./TryAgain.tsx";

interface DayTourProps {
  day: Day;
  places: Places;
  /** The search is over; else a better tour may come. */
  final: boolean;
  status: RunStatus | null;
  onRetry: Retry;
}

/** Where to be when, on a sketch and as a list. */
export function DayTour({ day, places, final, status, onRetry }: DayTourProps) {
  const { tour } = day;
  return (
    <>
      <RouteMap places={tour.visits.map((visit) => visit.place)} />
      <ol className="stops">
        {stopsOf(tour).map((stop) => (
          <StopLine
            key={stop.kind === "visit" ? stop.visit.place.id : "lunch"}
            stop={stop}
            place={stop.kind === "visit" ? placeItem(places, stop.visit.place.id) : undefined}
            status={status}
            onRetry={onRetry}
          />
        ))}
      </ol>
      <div className="tour-note hw-muted">
        <SunAndCost day={day} />
        <p>
          {distance(tour.walk_metres)} on foot. {final ? verdict(day) : `Best of ${count(tour.number, "tour")} so far.`}
        </p>
      </div>
    </>
  );
}

function SunAndCost({ day: { sun, cost } }: { day: Day }) {
  if (!sun && !cost) return null;
  return (
    <p>
      {sun && (
        <>
          Sunrise <time>{sun.sunrise}</time>, sunset <time>{sun.sunset}</time>.{" "}
        </>
      )}
      {cost && <span title={cost.notice}>{entrances(cost)}</span>}
    </p>
  );
}

function entrances({ amount, currency }: NonNullable<Day["cost"]>): string {
  return amount === 0 ? "All entrances are free." : `Entrances typically ${money(amount, currency)}.`;
}

/** How the plan was found: after how many tours, and whether it can be beaten. */
function verdict({ tour, tours, proven }: Day): string {
  const found = `Best of ${count(tours ?? tour.number, "tour")}`;
  return proven ? `${found}, and none can be better.` : `${found} found.`;
}
