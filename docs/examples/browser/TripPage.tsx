import { Headway } from "@headway-run/client";
import { createStatus } from "@headway-run/client/status";
import { HeadwayProvider, useConnectionStatus, useRun } from "@headway-run/react";
import {
  ConnectionPill,
  DiagnosticsDialog,
  ItemCard,
  OutputText,
  PhaseStepper,
  ProgressBar,
  RunAnnouncer,
  RunBanner,
} from "@headway-run/react/components";
import { hasEnded, itemState, progressText, setbackOf, wholePercent } from "@headway-run/react/words";
import { type ReactNode, useState } from "react";
import "@headway-run/react/styles.css";

const record = createStatus();
const headway = new Headway({ baseUrl: "/headway", observe: record.observe });

export function App({ id }: { id: string }): ReactNode {
  return (
    <HeadwayProvider client={headway}>
      <TripPage id={id} />
    </HeadwayProvider>
  );
}

function TripPage({ id }: { id: string }): ReactNode {
  const { run, error, handle } = useRun(id);
  const status = useConnectionStatus(handle);
  const [open, setOpen] = useState(false);
  return (
    <main>
      <ConnectionPill status={status} onOpen={() => setOpen(true)} />
      <DiagnosticsDialog open={open} onClose={() => setOpen(false)} status={status} record={record} />
      <RunBanner run={run} status={status} error={error} onRetry={() => handle?.retry()} />
      <RunAnnouncer run={run} status={status} />
      {run && (
        <>
          <ProgressBar label="Trip" percent={wholePercent(run)} text={progressText(run)} attempt={run.attempt} />
          <PhaseStepper run={run} />
          <ol>
            {Object.entries(run.items).map(([key, item]) => (
              <ItemCard
                key={key}
                title={item.title}
                state={itemState(item, run.status, setbackOf(run, key))}
                progress={item.progress}
                setback={setbackOf(run, key)}
                error={item.error}
                onRetry={hasEnded(run.status) ? () => handle?.retry({ items: [key] }) : null}
                stale={status.outdated}
              />
            ))}
          </ol>
          <OutputText output={run.outputs["summary"]} />
        </>
      )}
    </main>
  );
}
