import type { RunStatus } from "@headway-run/client";
import { Icon } from "@headway-run/react/components";
import { sentence } from "@headway-run/react/words";
import {
  detailsOf,
  type Money,
  type PlaceDetails,
  type PlaceItem,
  type PlaceState,
  placeState,
} from "../model/places.ts";
import type { Stop, Visit } from "../model/tour.ts";
import { distance, money } from "../model/words.ts";
import { TripIcon } from "../parts/TripIcon.tsx";
import { type Retry, TryAgain } from "./TryAgain.tsx";

interface StopLineProps {
  stop: Stop;
  /** What is looked up about it; undefined before its day is planned, and for a lunch. */
  place: PlaceItem | undefined;
  status: RunStatus | null;
  onRetry: Retry;
}

/** Where to be when; what is known of it appears as it is looked up. */
export function StopLine({ stop, place, status, onRetry }: StopLineProps) {
  if (stop.kind === "lunch") return <Lunch starts={stop.starts} ends={stop.ends} />;
  const { visit, number } = stop;
  const state = place ? placeState(place.item, status) : null;
  const details = place && state === "enhanced" ? detailsOf(place.item) : null;
  return (
    <li className="stop" data-place={visit.place.id} data-state={state ?? undefined}>
      <span className="stop-number" aria-hidden="true">
        {number}
      </span>
      <span className="stop-name">{visit.place.name}</span>
      <time className="stop-time">
        {visit.arrive}–{visit.leave}
      </time>
      <Walk visit={visit} walk={details?.walk ?? null} />
      {details && <Details details={details} />}
      {state && <Pending state={state} />}
      {place && state === "failed" && <Failed place={place} status={status} onRetry={onRetry} />}
    </li>
  );
}

function Lunch({ starts, ends }: { starts: string; ends: string }) {
  return (
    <li className="stop" data-kind="lunch">
      <TripIcon name="meal" />
      <span className="stop-name">Lunch</span>
      <time className="stop-time">
        {starts}–{ends}
      </time>
    </li>
  );
}

/** From the stop before: how long is known as soon as the tour is, how it leads once it was looked up. */
function Walk({ visit, walk }: { visit: Visit; walk: PlaceDetails["walk"] }) {
  const minutes = walk?.minutes ?? visit.walk_minutes;
  if (minutes <= 0) return null;
  return (
    <small className="stop-walk hw-muted">
      <TripIcon name="walk" />
      {minutes} min on foot{walk && `, ${distance(walk.metres)} ${walk.heading}`}
    </small>
  );
}

function Details({ details: { about, hours, cost } }: { details: PlaceDetails }) {
  const facts = [hours.length > 0 && openText(hours), cost && entrance(cost)].filter(Boolean);
  return (
    <>
      <small className="stop-about">{about}</small>
      {facts.length > 0 && <small className="hw-muted">{facts.join(" · ")}</small>}
    </>
  );
}

function openText(hours: PlaceDetails["hours"]): string {
  const spans = hours.map(({ opens, closes }) => `${opens}–${closes}`).join(", ");
  return spans === "00:00–24:00" ? "Always open" : `Open ${spans}`;
}

function entrance({ amount, currency }: Money): string {
  return amount === 0 ? "free entry" : `about ${money(amount, currency)}`;
}

/** Holds some of the room that the details will take. */
function Pending({ state }: { state: PlaceState }) {
  if (state === "waiting") {
    return (
      <small>
        <i className="stop-skeleton" aria-hidden="true" />
        <span className="hw-hidden">Details to come</span>
      </small>
    );
  }
  if (state !== "enhancing") return null;
  return (
    <small className="stop-pending hw-muted">
      <Icon name="busy" />
      Looking up details…
    </small>
  );
}

function Failed({
  place: { key, item },
  status,
  onRetry,
}: { place: PlaceItem } & Pick<StopLineProps, "status" | "onRetry">) {
  return (
    <div className="stop-failed">
      <small>
        <Icon name="alert" />
        No details: {sentence(item.error?.message ?? "it is not known why")}
      </small>
      <TryAgain about={item.title} items={[key]} status={status} onRetry={onRetry}>
        Look it up again
      </TryAgain>
    </div>
  );
}
