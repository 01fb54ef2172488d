import type { RunHandle, Snapshot } from "@headway-run/client";
import type { ConnectionStatus } from "@headway-run/react";
import { Badge, ConnectionPill } from "@headway-run/react/components";
import { elapsedMs, hasEnded } from "@headway-run/react/words";
import { Link, useNavigate } from "@tanstack/react-router";
import { useServerNow } from "../clock.ts";
import { runSign } from "../model/status.ts";
import { duration, fullTime, ticking } from "../model/words.ts";
import { Ago } from "../parts/Time.tsx";
import { PageHeading } from "../shell/PageHeading.tsx";
import { Commands } from "./Commands.tsx";
import { etaOf } from "./eta.ts";

interface RunHeaderProps {
  run: Snapshot;
  handle: RunHandle;
  status: ConnectionStatus;
}

/** What run this is, how it stands, and what one can do about it. */
export function RunHeader({ run, handle, status }: RunHeaderProps) {
  const navigate = useNavigate();
  return (
    <header className="run-head">
      <div className="run-names">
        <p className="run-where">
          <Link to="/">Runs</Link>
          <span aria-hidden="true"> / </span>
          <Link to="/" search={{ job: run.job ?? undefined }}>
            {run.job}
          </Link>
        </p>
        <PageHeading>{run.title || run.job}</PageHeading>
        <div className="run-signs">
          <Badge {...runSign(run.status, run.cancel_requested_at !== null)} about="Run" />
          <Times run={run} />
        </div>
      </div>
      <div className="run-side">
        <ConnectionPill status={status} onOpen={() => void navigate({ to: ".", search: { tab: "connection" } })} />
        <Commands run={run} handle={handle} />
      </div>
    </header>
  );
}

function Times({ run }: { run: Snapshot }) {
  const ended = hasEnded(run.status);
  const now = useServerNow(ended ? null : 1_000);
  const elapsed = elapsedMs(run, now);
  const eta = etaOf(run, now);
  return (
    <ul className="run-facts">
      <li title={run.started_at ? `since ${fullTime(run.started_at)}` : undefined}>
        {ended ? `took ${duration(elapsed)}` : ticking(elapsed)}
      </li>
      {eta && <li>{eta}</li>}
      {run.attempt > 1 && <li>attempt {run.attempt}</li>}
      {run.created_at && (
        <li>
          created <Ago time={run.created_at} />
        </li>
      )}
      {run.group && (
        <li>
          group{" "}
          <Link to="/" search={{ group: run.group }}>
            {run.group}
          </Link>
        </li>
      )}
      <li>
        <code>{run.run_id}</code>
      </li>
    </ul>
  );
}
