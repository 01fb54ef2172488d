import { useRun } from "@headway-run/react";
import { useParams } from "@tanstack/react-router";
import { runSign } from "../model/status.ts";
import { Badge } from "../parts/Badge.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { useTitle } from "../shell/useTitle.ts";

/** One run. */
export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const { run, error } = useRun(runId);
  useTitle(run?.title ?? runId);
  return (
    <>
      <h1 tabIndex={-1}>{run?.title ?? run?.job ?? runId}</h1>
      {run?.status && <Badge sign={runSign(run.status, run.cancel_requested_at !== null)} about="Run" />}
      {error && <Trouble error={error} what="this run" />}
    </>
  );
}
