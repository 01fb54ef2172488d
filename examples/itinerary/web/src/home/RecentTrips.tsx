import type { RunSummary } from "@headway-run/client";
import { useConnectionStatus, useRuns } from "@headway-run/react";
import { Badge, Problem } from "@headway-run/react/components";
import { ago, count, runSign } from "@headway-run/react/words";
import { tripHref } from "../model/route.ts";
import { STATUSES } from "../model/words.ts";

const SHOWN = 6;

/** The newest trips, as they stand now. One that is new is not put above the one that is about to be clicked. */
export function RecentTrips() {
  const { runs, fresh, showFresh, error, handle } = useRuns({ job: "itinerary", limit: SHOWN });
  const { outdated, trouble } = useConnectionStatus(handle);
  const problem = error ?? (outdated ? trouble : null);
  return (
    <section className="hw-panel stack" aria-labelledby="recent">
      <h2 id="recent">Recent trips</h2>
      {fresh > 0 && (
        <button type="button" className="hw-button" onClick={() => void showFresh()}>
          Show {count(fresh, "new trip")}
        </button>
      )}
      {runs?.length === 0 && <p className="hw-muted">None yet. The first one you plan stands here.</p>}
      {runs && runs.length > 0 && (
        <ul className="recent">
          {runs.map((run) => (
            <Trip key={run.id} run={run} />
          ))}
        </ul>
      )}
      {!runs && !problem && <p className="hw-muted">Loading…</p>}
      {problem && <Problem hint={runs ? "This list may be old." : null}>{problem.message}</Problem>}
    </section>
  );
}

function Trip({ run }: { run: RunSummary }) {
  const running = run.status === "running" && run.percent !== null ? `, ${Math.floor(run.percent)} %` : "";
  return (
    <li>
      <a href={tripHref(run.id)}>{run.title}</a>
      <span className="recent-about">
        <Badge {...runSign(run.status, run.cancel_requested, STATUSES)} />
        <small className="hw-muted">
          {ago(Date.now() - Date.parse(run.created_at))}
          {running}
        </small>
      </span>
    </li>
  );
}
