import type { RunSummary } from "@headway-run/client";
import { useHeadway } from "@headway-run/react";
import { useCallback } from "react";
import { useFetched } from "../hooks/useFetched.ts";
import { tripHref } from "../model/route.ts";
import { runSign } from "../model/status.ts";
import { ago } from "../model/words.ts";
import { Badge } from "../parts/Badge.tsx";
import { Problem } from "../parts/Problem.tsx";

const SHOWN = 6;
const LOOK_MS = 3_000;

export function RecentTrips() {
  const headway = useHeadway();
  const listTrips = useCallback(() => headway.runs({ job: "itinerary", limit: SHOWN }), [headway]);
  const { data, trouble } = useFetched(listTrips, LOOK_MS);
  return (
    <section className="panel stack" aria-labelledby="recent">
      <h2 id="recent">Recent trips</h2>
      {data?.runs.length === 0 && <p className="muted">None yet. The first one you plan stands here.</p>}
      {data && data.runs.length > 0 && (
        <ul className="recent">
          {data.runs.map((run) => (
            <Trip key={run.id} run={run} />
          ))}
        </ul>
      )}
      {!data && !trouble && <p className="muted">Loading…</p>}
      {trouble && <Problem hint={data ? "This list may be old." : null}>{trouble}</Problem>}
    </section>
  );
}

function Trip({ run }: { run: RunSummary }) {
  const running = run.status === "running" && run.percent !== null ? `, ${Math.floor(run.percent)} %` : "";
  return (
    <li>
      <a href={tripHref(run.id)}>{run.title}</a>
      <span className="recent-about">
        <Badge {...runSign(run.status, run.cancel_requested)} />
        <small className="muted">
          {ago(Date.now() - Date.parse(run.created_at))}
          {running}
        </small>
      </span>
    </li>
  );
}
