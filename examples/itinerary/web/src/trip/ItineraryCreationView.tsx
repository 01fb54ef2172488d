import { useRun } from "@headway-run/react";
import { useEffect } from "react";
import { readDemo } from "../api.ts";
import { BreakPanel } from "../breaking/BreakPanel.tsx";
import type { Line } from "../breaking/line.ts";
import { useDowntime } from "../hooks/useDowntime.ts";
import { useFetched } from "../hooks/useFetched.ts";
import { useNews } from "../hooks/useNews.ts";
import { isOutdated } from "../model/link.ts";
import { tabTitle } from "../model/progress.ts";
import { ProviderDial } from "../provider/ProviderDial.tsx";
import { ConnectionPill } from "./ConnectionPill.tsx";
import { Days } from "./Days.tsx";
import { NoTrip } from "./NoTrip.tsx";
import { OutdatedBar } from "./OutdatedBar.tsx";
import { Overview } from "./Overview.tsx";
import { ShareLinks } from "./ShareLinks.tsx";
import { Summary } from "./Summary.tsx";
import { TripHeader } from "./TripHeader.tsx";
import { Troubles } from "./Troubles.tsx";

interface ItineraryCreationViewProps {
  runId: string;
  /** What the client's connections go through. */
  line: Line;
}

/** A trip as it is planned. What was once shown stays, whatever becomes of the connection. */
export function ItineraryCreationView({ runId, line }: ItineraryCreationViewProps) {
  const { run, live, connection, error, handle } = useRun(runId);
  const { data: demo } = useFetched(readDemo);
  const { down, downAt } = useDowntime(connection.state);
  const outdated = isOutdated(connection.state, down);
  const news = useNews(run, outdated);
  const title = run ? tabTitle(run) : "Itinerary";
  useEffect(() => {
    document.title = title;
  }, [title]);

  const pill = <ConnectionPill connection={connection} shown={run !== null} down={down} />;
  return (
    <main className="page" tabIndex={-1}>
      {run && handle && (
        <>
          <TripHeader run={run} handle={handle} pill={pill} />
          {error && <NoTrip error={error} onRetry={() => handle.reconnect()} heading="h2" />}
          {outdated && (
            <OutdatedBar run={run} state={connection.state} asOf={downAt} onRetry={() => handle.reconnect()} />
          )}
          <Overview run={run} live={live} />
          <div className="columns">
            <div className="stack">
              <Days run={run} handle={handle} />
              <Summary output={run.outputs["summary"]} status={run.status} />
              <Troubles run={run} />
            </div>
            <aside className="stack">
              <ProviderDial searchS={demo?.search_s ?? null} />
              <BreakPanel run={run} line={line} demo={demo} />
              <ShareLinks id={runId} run={run} connection={connection} />
            </aside>
          </div>
        </>
      )}
      {!run && error && <NoTrip error={error} onRetry={() => handle?.reconnect()} />}
      {!run && !error && (
        <div className="panel trip-head">
          <h1>Opening the trip…</h1>
          {pill}
        </div>
      )}
      <p className="sr-only" role="status">
        {news}
      </p>
    </main>
  );
}
