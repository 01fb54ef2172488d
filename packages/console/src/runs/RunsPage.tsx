import type { RunPage } from "@headway-run/client";
import { useHeadway } from "@headway-run/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Notice } from "../parts/Notice.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { useTitle } from "../shell/useTitle.ts";
import { RunTable } from "./RunTable.tsx";
import type { RunsSearch } from "./search.ts";

const PAGE = 50;
const LOOK_MS = 5_000;

/** All runs, newest first, as they go on. */
export function RunsPage() {
  useTitle("Runs");
  const search = useSearch({ from: "/" });
  const { data, error, refetch } = useRunPage(search);
  return (
    <>
      <h1 tabIndex={-1}>Runs</h1>
      {data && <RunTable runs={data.runs} />}
      {data?.runs.length === 0 && <NoRuns />}
      {!data && error && <Trouble error={error} what="the runs" onAgain={() => void refetch()} />}
      {data?.next && (
        <nav aria-label="Pages of the list">
          <Link className="button" to="/" search={{ ...search, page: data.next }}>
            Older
          </Link>
        </nav>
      )}
    </>
  );
}

function useRunPage(search: RunsSearch) {
  const headway = useHeadway();
  const query = Object.fromEntries(
    Object.entries({ ...search, limit: PAGE }).filter(([, value]) => value !== undefined),
  );
  return useQuery<RunPage>({
    queryKey: ["runs", query],
    queryFn: () => headway.runs(query),
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_MS,
  });
}

function NoRuns() {
  return (
    <Notice title="No runs yet" action={<Link to="/jobs">Start a job</Link>}>
      Runs appear here as soon as something starts one.
    </Notice>
  );
}
