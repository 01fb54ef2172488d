import type { ErrorEntry, Item, RunStatus } from "@headway-run/client";
import { ItemCard, ProgressBar } from "@headway-run/react/components";
import { count, hasEnded } from "@headway-run/react/words";
import { memo } from "react";
import { enhanced, type Places, samePlaces } from "../model/places.ts";
import { cardState, daySign, dayState } from "../model/status.ts";
import { dayOf, placeAndDate } from "../model/tour.ts";
import { DayTour } from "./DayTour.tsx";
import type { Retry } from "./TryAgain.tsx";

interface DayCardProps {
  /** Key of the item. */
  id: string;
  number: number;
  item: Item;
  places: Places;
  /** What went wrong with the day in this attempt, and is being tried again. */
  setback: ErrorEntry | null;
  status: RunStatus | null;
  /** What is shown is not up to date. */
  stale: boolean;
  onRetry: Retry;
}

/** One day: a placeholder, then the best tour so far, then the plan, then what is worth knowing of its places. */
export const DayCard = memo(function DayCard(props: DayCardProps) {
  const { id, number, item, places, setback, status, stale, onRetry } = props;
  const state = dayState(item, places, status);
  const card = cardState(state);
  const day = dayOf(item);
  const [place, date] = placeAndDate(item.title);
  const heading = (
    <>
      <small className="day-number hw-muted">
        Day {number}, <span className="day-date">{date}</span>
      </small>{" "}
      <span className="day-place">{place}</span>
    </>
  );
  return (
    <ItemCard
      className="day"
      data-day={id}
      data-day-state={state}
      title={item.title}
      heading={heading}
      state={card === "running" && setback ? "retrying" : card}
      sign={daySign(state)}
      progress={item.progress}
      setback={setback}
      error={item.error}
      retryLabel="Try this day again"
      onRetry={hasEnded(status) ? () => onRetry([id]) : null}
      stale={stale && card === "running"}
    >
      {day && (
        <>
          {state === "enhancing" && <Enhancing title={item.title} places={places} />}
          {state === "failed" && <p className="hw-muted">The best tour found before it failed:</p>}
          <DayTour day={day} places={places} final={item.status === "finished"} status={status} onRetry={onRetry} />
        </>
      )}
    </ItemCard>
  );
}, sameDay);

/** A card is drawn again only when something on it changed. */
function sameDay(one: DayCardProps, other: DayCardProps): boolean {
  const { places, ...rest } = one;
  const names = Object.keys(rest) as (keyof typeof rest)[];
  return samePlaces(places, other.places) && names.every((name) => one[name] === other[name]);
}

function Enhancing({ title, places }: { title: string; places: Places }) {
  const done = enhanced(places);
  const text = `${done} of ${count(places.length, "place")} looked up`;
  return (
    <div className="hw-progress">
      <ProgressBar label={`${title}, details`} percent={Math.floor((100 * done) / places.length)} text={text} />
      <p className="hw-muted">{text}</p>
    </div>
  );
}
