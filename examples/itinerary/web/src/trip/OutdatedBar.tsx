import type { ConnectionState, Snapshot } from "@headway-run/client";
import { hasEnded } from "../model/status.ts";
import { timeOfDay } from "../model/words.ts";

interface OutdatedBarProps {
  run: Snapshot;
  state: ConnectionState;
  /** Milliseconds since the epoch. */
  asOf: number | null;
  onRetry: () => void;
}

/** Says as of when the page is true. The page's status region reads it out, so this one is silent. */
export function OutdatedBar({ run, state, asOf, onRetry }: OutdatedBarProps) {
  return (
    <div className="outdated">
      <p>
        {state === "offline" && "You are offline. "}
        Showing the plan as of {timeOfDay(asOf ?? Date.now())}. {!hasEnded(run.status) && "The job keeps running."}
      </p>
      <button type="button" className="button" onClick={onRetry}>
        Connect now
      </button>
    </div>
  );
}
