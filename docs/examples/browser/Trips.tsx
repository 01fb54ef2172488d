import { useConnectionStatus, useRuns } from "@headway-run/react";
import { Badge, ConnectionPill } from "@headway-run/react/components";
import { count, runSign } from "@headway-run/react/words";
import { type ReactNode, useState } from "react";

/** The newest trips, as they are now; older ones page by page. */
export function Trips(): ReactNode {
  const [page, setPage] = useState<string>();
  const { runs, fresh, showFresh, next, error, handle } = useRuns({ job: "trip", limit: 20, ...(page && { page }) });
  const status = useConnectionStatus(handle);
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <>
      <ConnectionPill status={status} />
      {fresh > 0 && (
        <button type="button" onClick={showFresh}>
          Show {count(fresh, "new run")}
        </button>
      )}
      <ul aria-busy={runs === null}>
        {runs?.map((run) => (
          <li key={run.id}>
            <a href={`#/trips/${run.id}`}>{run.title}</a>{" "}
            <Badge {...runSign(run.status, run.cancel_requested)} />
          </li>
        ))}
      </ul>
      {next && (
        <button type="button" onClick={() => setPage(next)}>
          Older
        </button>
      )}
    </>
  );
}
