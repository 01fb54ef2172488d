import type { Item, RunStatus } from "@headway-run/client";
import { memo } from "react";
import { useCommand } from "../hooks/useCommand.ts";
import { useKeptFocus } from "../hooks/useKeptFocus.ts";
import { type DayState, daySign, dayState, hasEnded } from "../model/status.ts";
import { dayOf, placeAndDate } from "../model/tour.ts";
import { Badge } from "../parts/Badge.tsx";
import { Problem } from "../parts/Problem.tsx";
import { ProgressBar } from "../parts/ProgressBar.tsx";
import { DayTour } from "./DayTour.tsx";

interface DayCardProps {
  /** Key of the item. */
  id: string;
  number: number;
  item: Item;
  status: RunStatus | null;
  onRetry: (key: string) => Promise<unknown>;
}

/** One day: a placeholder, then the best tour so far, then the plan. Drawn again only when the day itself changed. */
export const DayCard = memo(function DayCard({ id, number, item, status, onRetry }: DayCardProps) {
  const state = dayState(item, status);
  const day = dayOf(item);
  const kept = useKeptFocus<HTMLLIElement>();
  const [place, date] = placeAndDate(item.title);
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
      {state === "planning" && <DayProgress item={item} />}
      {state === "failed" && <Failure id={id} item={item} retriable={hasEnded(status)} onRetry={onRetry} />}
      {day ? <DayTour day={day} final={state === "planned"} /> : <Placeholder state={state} />}
    </li>
  );
});

function DayProgress({ item }: { item: Item }) {
  const { done = 0, total = null, message = null } = item.progress ?? {};
  const text = message ?? "Starting";
  return (
    <div className="day-progress">
      <ProgressBar label={item.title} percent={total ? Math.floor((100 * done) / total) : null} text={text} />
      <p className="muted">{text}</p>
    </div>
  );
}

interface FailureProps {
  id: string;
  item: Item;
  /** A run is tried again when it has ended. */
  retriable: boolean;
  onRetry: (key: string) => Promise<unknown>;
}

function Failure({ id, item, retriable, onRetry }: FailureProps) {
  const { pending, trouble, send } = useCommand();
  return (
    <div className="stack">
      <Problem hint={item.error?.hint}>{item.error?.message ?? "It is not known why"}</Problem>
      {retriable ? (
        <button
          type="button"
          className="button start"
          aria-label={`Try this day again: ${item.title}`}
          disabled={pending}
          onClick={() => send(() => onRetry(id))}
        >
          Try this day again
        </button>
      ) : (
        <p className="muted">It can be tried again once the other days are done.</p>
      )}
      {trouble && <Problem urgent>{trouble}</Problem>}
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
