import type { HeadwayError } from "@headway-run/client";
import { HOME } from "../model/route.ts";
import { Problem } from "../parts/Problem.tsx";

interface NoTripProps {
  error: HeadwayError;
  onRetry: () => void;
  heading?: "h1" | "h2";
}

/** Watching ended for good: the trip is gone, or not ours to see. */
export function NoTrip({ error, onRetry, heading: Heading = "h1" }: NoTripProps) {
  const gone = error.category === "not_found";
  return (
    <div className="panel stack">
      <Heading>{gone ? "There is no such trip" : "The trip cannot be shown"}</Heading>
      <Problem urgent hint={error.problem.hint}>
        {error.message}
      </Problem>
      <div className="actions">
        <a className="button" data-kind="primary" href={HOME}>
          Plan a trip
        </a>
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      </div>
    </div>
  );
}
