import type { ErrorEntry, Item, RunStatus } from "@headway-run/client";
import { memo } from "react";
import { useKeptFocus } from "../hooks/useKeptFocus.ts";
import { enhanced, type Places, samePlaces } from "../model/places.ts";
import { type DayState, daySign, dayState } from "../model/status.ts";
import { dayOf, placeAndDate } from "../model/tour.ts";
import { reasonIn } from "../model/troubles.ts";
import { count, sentence } from "../model/words.ts";
import { Badge } from "../parts/Badge.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Problem } from "../parts/Problem.tsx";
import { ProgressBar } from "../parts/ProgressBar.tsx";
import { DayTour } from "./DayTour.tsx";
import { type Retry, RetryButton } from "./RetryButton.tsx";

interface DayCardProps {
  /** Key of the item. */
  id: string;
  number: number;
  item: Item;
  places: Places;
  /** What went wrong with the day in this attempt, and is being tried again. */
  setback: ErrorEntry | null;
  status: RunStatus | null;
  onRetry: Retry;
}

/** One day: a placeholder, then the best tour so far, then the plan, then what is worth knowing of its places. */
export const DayCard = memo(function DayCard({ id, number, item, places, setback, status, onRetry }: DayCardProps) {
  const state = dayState(item, places, status);
  const day = dayOf(item);
  const kept = useKeptFocus<HTMLLIElement>();
  const [place, date] = placeAndDate(item.title);
  const final = item.status === "finished";
  return (
    <li className="day panel" data-state={state} data-day={id} {...kept}>
      <div className="day-head">
        <h3>
          <small className="muted">
            Day {number}, <span className="day-date">{date}</span>
          </small>{" "}
          <span className="day-place">{place}</span>
        </h3>
        <Badge {...daySign(state)} />
      </div>
      {state === "planning" && <Planning item={item} setback={setback} />}
      {state === "enhancing" && <Enhancing title={item.title} places={places} />}
      {state === "failed" && <Failure id={id} item={item} status={status} onRetry={onRetry} />}
      {day ? (
        <DayTour day={day} places={places} final={final} status={status} onRetry={onRetry} />
      ) : (
        <Placeholder state={state} />
      )}
    </li>
  );
}, sameDay);

/** A card is drawn again only when something on it changed. */
function sameDay(one: DayCardProps, other: DayCardProps): boolean {
  const { places, ...rest } = one;
  const names = Object.keys(rest) as (keyof typeof rest)[];
  return samePlaces(places, other.places) && names.every((name) => one[name] === other[name]);
}

function Planning({ item, setback }: { item: Item; setback: ErrorEntry | null }) {
  const { done = 0, total = null, message = null } = item.progress ?? {};
  return (
    <>
      <Progress label={item.title} done={done} total={total} text={message ?? "Starting"} />
      {setback && (
        <p className="setback">
          <Icon name="alert" />
          <span>Being tried again. {sentence(reasonIn(setback.message))}</span>
        </p>
      )}
    </>
  );
}

function Enhancing({ title, places }: { title: string; places: Places }) {
  const done = enhanced(places);
  const text = `${done} of ${count(places.length, "place")} looked up`;
  return <Progress label={`${title}, details`} done={done} total={places.length} text={text} />;
}

interface ProgressProps {
  label: string;
  done: number;
  total: number | null;
  text: string;
}

function Progress({ label, done, total, text }: ProgressProps) {
  return (
    <div className="day-progress">
      <ProgressBar label={label} percent={total ? Math.floor((100 * done) / total) : null} text={text} />
      <p className="muted">{text}</p>
    </div>
  );
}

function Failure({ id, item, status, onRetry }: Pick<DayCardProps, "id" | "item" | "status" | "onRetry">) {
  return (
    <div className="stack">
      <Problem hint={item.error?.hint}>{item.error?.message ?? "It is not known why"}</Problem>
      <RetryButton about={item.title} items={[id]} status={status} onRetry={onRetry}>
        Try this day again
      </RetryButton>
      {dayOf(item) && <p className="muted">The best tour found before it failed:</p>}
    </div>
  );
}

const NOTHING: Partial<Record<DayState, string>> = {
  waiting: "Not planned yet.",
  planning: "No tour found yet.",
  stopped: "The planning was stopped before this day.",
};

function Placeholder({ state }: { state: DayState }) {
  const text = NOTHING[state];
  if (!text) return null;
  if (state === "stopped") return <p className="muted">{text}</p>;
  return (
    <>
      <div className="skeleton" aria-hidden="true">
        <i />
        <i />
        <i />
      </div>
      <p className="sr-only">{text}</p>
    </>
  );
}
