import { useConnectionStatus, useRun } from "@headway-run/react";
import { ConnectionPill, type ConnectionRecord, RunAnnouncer, RunBanner } from "@headway-run/react/components";
import { tabTitle } from "@headway-run/react/words";
import { useEffect, useState } from "react";
import { readDemo } from "../api.ts";
import { BreakPanel } from "../breaking/BreakPanel.tsx";
import type { Line } from "../breaking/line.ts";
import { useFetched } from "../hooks/useFetched.ts";
import { HOME } from "../model/route.ts";
import { PHASES, STATUSES } from "../model/words.ts";
import { ProviderDial } from "../provider/ProviderDial.tsx";
import { Days } from "./Days.tsx";
import { Diagnostics } from "./Diagnostics.tsx";
import { NoTrip } from "./NoTrip.tsx";
import { Overview } from "./Overview.tsx";
import { ShareLinks } from "./ShareLinks.tsx";
import { Summary } from "./Summary.tsx";
import { TripHeader } from "./TripHeader.tsx";
import { Troubles } from "./Troubles.tsx";

interface ItineraryCreationViewProps {
  runId: string;
  /** What the client's connections go through. */
  line: Line;
  /** What was written down of them. */
  record: ConnectionRecord;
}

/** A trip as it is planned. What was once shown stays, whatever becomes of the connection. */
export function ItineraryCreationView({ runId, line, record }: ItineraryCreationViewProps) {
  const { run, live, connection, error, handle } = useRun(runId);
  const status = useConnectionStatus(handle);
  const { data: demo } = useFetched(readDemo);
  const [asked, setAsked] = useState(false);
  const title = run ? tabTitle(run, "Itinerary") : "Itinerary";
  useEffect(() => {
    document.title = title;
  }, [title]);

  const pill = <ConnectionPill status={status} onOpen={() => setAsked(true)} />;
  const elsewhere = (
    <a className="hw-button" data-kind="primary" href={HOME}>
      Plan a trip
    </a>
  );
  return (
    <main className="hw-page" tabIndex={-1}>
      {run && handle && (
        <>
          <TripHeader run={run} handle={handle} pill={pill} />
          <RunBanner run={run} status={status} error={error} action={elsewhere} noun="the plan" />
          <Overview run={run} live={live} />
          <div className="columns">
            <div className="stack">
              <Days run={run} handle={handle} stale={status.outdated} />
              <Summary output={run.outputs["summary"]} status={run.status} />
              <Troubles run={run} />
            </div>
            <aside className="stack">
              <ProviderDial searchS={demo?.search_s ?? null} />
              <BreakPanel run={run} line={line} demo={demo} sign={status.sign} />
              <ShareLinks id={runId} run={run} connection={connection} />
            </aside>
          </div>
        </>
      )}
      {!run && error && <NoTrip error={error} action={elsewhere} onRetry={status.reconnect} />}
      {!run && !error && (
        <div className="hw-panel trip-head">
          <h1>Opening the trip…</h1>
          {pill}
        </div>
      )}
      {handle && (
        <Diagnostics open={asked} onClose={() => setAsked(false)} status={status} record={record} handle={handle} />
      )}
      <RunAnnouncer run={run} status={status} phases={PHASES} statuses={STATUSES} />
    </main>
  );
}
