import type { RunHandle, Snapshot } from "@headway-run/client";
import type { ReactNode } from "react";
import { useCommand } from "../hooks/useCommand.ts";
import { useKeptFocus } from "../hooks/useKeptFocus.ts";
import { daysOf, hasEnded, retryLabel, runSign } from "../model/status.ts";
import { placeAndDate } from "../model/tour.ts";
import { count } from "../model/words.ts";
import { Badge } from "../parts/Badge.tsx";
import { Problem } from "../parts/Problem.tsx";

interface TripHeaderProps {
  run: Snapshot;
  handle: RunHandle;
  pill: ReactNode;
}

/** What the trip is, how it stands, and what can be done to it. */
export function TripHeader({ run, handle, pill }: TripHeaderProps) {
  const { pending, trouble, send } = useCommand();
  const kept = useKeptFocus<HTMLElement>();
  const stopping = run.cancel_requested_at !== null;
  const retry = retryLabel(run);
  return (
    <header className="panel stack" {...kept}>
      <div className="trip-head">
        <div>
          <h1>{run.title?.replaceAll(" · ", "\u00a0· ")}</h1>
          <p className="muted">{spanOf(run)}</p>
        </div>
        <div className="trip-signs">
          <Badge {...runSign(run.status, stopping)} about="Trip" />
          {pill}
        </div>
        {!hasEnded(run.status) && (
          <button
            type="button"
            className="button"
            disabled={pending || stopping}
            onClick={() => send(() => handle.cancel())}
          >
            {stopping ? "Stopping…" : "Cancel"}
          </button>
        )}
        {retry && (
          <button
            type="button"
            className="button"
            data-kind="primary"
            disabled={pending}
            onClick={() => send(() => handle.retry())}
          >
            {retry}
          </button>
        )}
      </div>
      {trouble && <Problem urgent>{trouble}</Problem>}
      {run.error && <Problem hint={run.error.hint}>{run.error.message}</Problem>}
    </header>
  );
}

/** `9 days, Sat 5 Dec to Sun 13 Dec`. */
function spanOf(run: Snapshot): string {
  const dates = daysOf(run).map(([, item]) => placeAndDate(item.title)[1]);
  const [first, last] = [dates.at(0), dates.at(-1)];
  return [count(dates.length, "day"), first === last ? first : `${first} to ${last}`].filter(Boolean).join(", ");
}
