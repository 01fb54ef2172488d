import { type Day, type Stop, stopsOf } from "../model/tour.ts";
import { count, distance } from "../model/words.ts";
import { Icon } from "../parts/Icon.tsx";
import { RouteMap } from "./RouteMap.tsx";

/** Where to be when. @param final The search is over; else a better tour may come. */
export function DayTour({ day, final }: { day: Day; final: boolean }) {
  const { tour } = day;
  return (
    <>
      <RouteMap places={tour.visits.map((visit) => visit.place)} />
      <ol className="stops">
        {stopsOf(tour).map((stop) => (
          <StopLine
            key={stop.kind === "visit" ? stop.visit.place.id : "lunch"}
            stop={stop}
            about={stop.kind === "visit" ? day.about?.[stop.visit.place.id] : undefined}
          />
        ))}
      </ol>
      <p className="tour-note muted">
        {distance(tour.walk_metres)} on foot. {final ? verdict(day) : `Best of ${count(tour.number, "tour")} so far.`}
      </p>
    </>
  );
}

function StopLine({ stop, about }: { stop: Stop; about: string | undefined }) {
  if (stop.kind === "lunch") {
    return (
      <li className="stop" data-kind="lunch">
        <Icon name="meal" />
        <span className="stop-name">Lunch</span>
        <time className="stop-time">
          {stop.starts}–{stop.ends}
        </time>
      </li>
    );
  }
  const { place, arrive, leave, walk_minutes } = stop.visit;
  return (
    <li className="stop">
      <span className="stop-number" aria-hidden="true">
        {stop.number}
      </span>
      <span className="stop-name">{place.name}</span>
      <time className="stop-time">
        {arrive}–{leave}
      </time>
      {walk_minutes > 0 && <small className="muted">{walk_minutes} min on foot</small>}
      {about && <small>{about}</small>}
    </li>
  );
}

/** How the plan was found: after how many tours, and whether it can be beaten. */
function verdict({ tour, tours, proven }: Day): string {
  const found = `Best of ${count(tours ?? tour.number, "tour")}`;
  return proven ? `${found}, and none can be better.` : `${found} found.`;
}
