import type { RunHandle, Snapshot } from "@headway-run/client";
import { useCommand, useKeptFocus } from "@headway-run/react";
import { Badge, Problem } from "@headway-run/react/components";
import { count, hasEnded } from "@headway-run/react/words";
import { type ReactNode, useState } from "react";
import { daysOf, retryLabel } from "../model/status.ts";
import { placeAndDate } from "../model/tour.ts";
import { tripSign } from "../model/words.ts";

interface TripHeaderProps {
  run: Snapshot;
  handle: RunHandle;
  pill: ReactNode;
}

/** What the trip is, how it stands, and what can be done to it. */
export function TripHeader({ run, handle, pill }: TripHeaderProps) {
  const { pending, trouble, send } = useCommand();
  /** How the trip stood when it was told something: once it stands otherwise, what came of that is no matter any more. */
  const [told, setTold] = useState("");
  const standing = `${run.attempt} ${run.status}`;
  const tell = (command: () => Promise<unknown>) => {
    setTold(standing);
    void send(command);
  };
  const kept = useKeptFocus<HTMLElement>();
  const stopping = run.cancel_requested_at !== null;
  const retry = retryLabel(run);
  return (
    <header className="hw-panel stack" {...kept}>
      <div className="trip-head">
        <div>
          <h1>{run.title?.replaceAll(" · ", "\u00a0· ")}</h1>
          <p className="hw-muted">{spanOf(run)}</p>
        </div>
        <div className="trip-signs">
          <Badge {...tripSign(run)} about="Trip" />
          {pill}
        </div>
        {!hasEnded(run.status) && (
          <button
            type="button"
            className="hw-button"
            disabled={pending || stopping}
            onClick={() => tell(() => handle.cancel())}
          >
            {stopping ? "Stopping…" : "Cancel"}
          </button>
        )}
        {retry && (
          <button
            type="button"
            className="hw-button"
            data-kind="primary"
            disabled={pending}
            onClick={() => tell(() => handle.retry())}
          >
            {retry}
          </button>
        )}
      </div>
      {trouble && told === standing && <Problem urgent>{trouble}</Problem>}
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
