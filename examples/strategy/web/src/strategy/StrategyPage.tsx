import type { RunHandle, Snapshot } from "@headway-run/client";
import { type ConnectionStatus, useConnectionStatus, useRun } from "@headway-run/react";
import { Badge, CommandButton, ConnectionPill, Problem, RunAnnouncer, RunBanner } from "@headway-run/react/components";
import { hasEnded, runSign, tabTitle } from "@headway-run/react/words";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { markdownHref } from "../api.ts";
import type { Mode } from "../clients.ts";
import type { Later } from "../hooks/useLater.ts";
import { usePatience } from "../hooks/usePatience.ts";
import { HOME } from "../model/route.ts";
import { PHASES, STATUSES } from "../model/words.ts";
import { Findings } from "./Findings.tsx";
import { ProgressDialog } from "./ProgressDialog.tsx";
import { Sections } from "./Sections.tsx";
import { StillWriting } from "./StillWriting.tsx";

export interface StrategyPageProps {
  id: string;
  mode: Mode;
  later: Later;
}

/** A strategy, from its order on: what is there of it stands on the page, how it gets on in a dialog above it. */
export function StrategyPage({ id, mode, later }: StrategyPageProps) {
  const { run, live, handle, error } = useRun(id);
  const status = useConnectionStatus(handle);
  const over = run === null || hasEnded(run.status);
  const [shown, setShown] = useShown(run);
  const { long, keepWaiting } = usePatience(!over);
  const opener = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (run) document.title = tabTitle(run, "Strategy");
  }, [run]);

  const tellLater = () => {
    later.add(id, run?.title ?? "Strategy", mode);
    location.hash = HOME;
  };
  const patience = <StillWriting long={long} onKeepWaiting={keepWaiting} onTellLater={tellLater} />;

  if (!run || !handle) return <Unknown status={status} error={error} />;
  return (
    <main className="hw-page" tabIndex={-1}>
      <RunAnnouncer run={run} status={status} phases={PHASES} statuses={STATUSES} />
      <Header run={run} status={status}>
        {over ? (
          <Ended run={run} />
        ) : (
          <button ref={opener} type="button" className="hw-button" onClick={() => setShown(true)}>
            Show progress
          </button>
        )}
      </Header>
      <RunBanner
        run={run}
        status={status}
        error={error}
        noun="the strategy"
        {...(run.status === "partial" && { onRetry: () => handle.retry() })}
      />
      {(run.status === "failed" || run.status === "cancelled") && <NotMade run={run} handle={handle} />}
      {!shown && patience}
      <ProgressDialog
        open={shown}
        run={run}
        live={live}
        handle={handle}
        status={status}
        onClose={() => {
          setShown(false);
          // When it has ended there is no opener any more.
          (opener.current ?? document.querySelector("main"))?.focus();
        }}
      >
        {shown && patience}
      </ProgressDialog>
      <Sections run={run} outdated={status.outdated} handle={handle} />
      <Findings run={run} />
    </main>
  );
}

/** Whether the dialog is shown: from the beginning where there is something to wait for. */
function useShown(run: Snapshot | null): [boolean, (shown: boolean) => void] {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const waits = run !== null && !hasEnded(run.status);
  useEffect(() => {
    if (run !== null) setChosen((before) => before ?? waits);
  }, [run, waits]);
  return [chosen ?? waits, setChosen];
}

function Header({ run, status, children }: { run: Snapshot; status: ConnectionStatus; children: ReactNode }) {
  return (
    <header className="title">
      <div>
        <h1>{run.title}</h1>
        <p className="signs">
          <Badge {...runSign(run.status, run.cancel_requested_at !== null, STATUSES)} about="Status" />
          {!hasEnded(run.status) && <ConnectionPill status={status} />}
        </p>
      </div>
      <div className="hw-actions">{children}</div>
    </header>
  );
}

function Ended({ run }: { run: Snapshot }) {
  return (
    <>
      {run.result !== null && (
        <a className="hw-button" data-kind="primary" href={markdownHref(run.run_id)} download>
          Download as Markdown
        </a>
      )}
      <a className="hw-button" href={HOME}>
        New strategy
      </a>
    </>
  );
}

function NotMade({ run, handle }: { run: Snapshot; handle: RunHandle }) {
  if (run.status === "cancelled") {
    return (
      <div className="hw-panel told-row">
        <p>The strategy was cancelled. What was found out until then is below.</p>
        <CommandButton send={() => handle.retry()}>Go on with it</CommandButton>
      </div>
    );
  }
  return (
    <Problem
      hint={run.error?.hint}
      action={<CommandButton send={() => handle.retry()}>Try again</CommandButton>}
    >{`The strategy was not made: ${run.error?.message ?? "it is not known why"}`}</Problem>
  );
}

function Unknown({ status, error }: { status: ConnectionStatus; error: ReturnType<typeof useRun>["error"] }) {
  return (
    <main className="hw-page" tabIndex={-1}>
      <h1>{error ? "This strategy cannot be shown" : "Loading the strategy…"}</h1>
      <RunBanner run={null} status={status} error={error} />
      <p>
        <a href={HOME}>To the builder</a>
      </p>
    </main>
  );
}
