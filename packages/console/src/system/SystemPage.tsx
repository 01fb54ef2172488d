import "../styles/system.css";
import { Problem } from "@headway-run/react/components";
import { timeOfDay } from "@headway-run/react/words";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Icon } from "../parts/Icon.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { queries } from "../queries.ts";
import { PageHeading } from "../shell/PageHeading.tsx";
import { useTitle } from "../shell/useTitle.ts";
import { Charts } from "./Charts.tsx";
import { Health } from "./Health.tsx";
import { Listeners, Processes, Queue } from "./Machinery.tsx";
import { Notices } from "./Notices.tsx";
import { systemQuery } from "./query.ts";
import { Transports } from "./Transports.tsx";
import { useSamples } from "./useSamples.ts";
import { Viewers } from "./Viewers.tsx";

/** How all processes on the store are, who watches, and what can be done about it. */
export function SystemPage() {
  useTitle("System");
  const [paused, setPaused] = useState(false);
  const { data: system, error, refetch } = useQuery(systemQuery(paused), queries);
  const samples = useSamples(system);
  return (
    <>
      <div className="page-head">
        <PageHeading>System</PageHeading>
        {system && (
          <div className="system-as-of">
            <span className="muted small">As of {timeOfDay(Date.parse(system.at))}</span>
            <button
              type="button"
              className="hw-button"
              data-small
              aria-pressed={paused}
              onClick={() => setPaused((before) => !before)}
            >
              <Icon name="pause" />
              Pause
            </button>
          </div>
        )}
      </div>
      {!system && error && <Trouble error={error} what="the system" onAgain={() => void refetch()} />}
      {!system && !error && <p aria-busy="true">Asking all processes…</p>}
      {system && (
        <>
          {error && <Problem hint="What is shown is older; it is tried again by itself">{error.message}</Problem>}
          <Health system={system} samples={samples} />
          <Charts samples={samples} times={system.times} />
          <Viewers paused={paused} isKnownOld={error !== null} />
          <Notices />
          <Processes system={system} />
          <div className="system-pair">
            <Queue system={system} />
            <Listeners system={system} />
          </div>
          <Transports transports={system.transports} onChange={() => void refetch()} />
          <p className="muted small">
            For monitoring: <a href="../healthz">/healthz</a>, <a href="../readyz">/readyz</a>,{" "}
            <a href="../metrics">/metrics</a>
          </p>
        </>
      )}
    </>
  );
}
