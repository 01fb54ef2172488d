import type { HeadwayError } from "@headway-run/client";
import { Problem } from "@headway-run/react/components";
import type { ReactNode } from "react";

interface NoTripProps {
  error: HeadwayError;
  action: ReactNode;
  onRetry: () => void;
}

/** There is nothing to be shown: the trip is gone, or not ours to see. */
export function NoTrip({ error, action, onRetry }: NoTripProps) {
  const gone = error.category === "not_found";
  return (
    <div className="hw-panel stack">
      <h1>{gone ? "There is no such trip" : "The trip cannot be shown"}</h1>
      <Problem urgent hint={error.problem.hint}>
        {error.message}
      </Problem>
      <div className="actions">
        {action}
        <button type="button" className="hw-button" onClick={onRetry}>
          Try again
        </button>
      </div>
    </div>
  );
}
