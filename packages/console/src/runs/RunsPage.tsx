import type { ConnectionStatus } from "@headway-run/react";
import { ConnectionPill } from "@headway-run/react/components";
import { timeOfDay } from "@headway-run/react/words";
import { Link, useSearch } from "@tanstack/react-router";
import { useId } from "react";
import { many } from "../model/words.ts";
import { Notice } from "../parts/Notice.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { PageHeading } from "../shell/PageHeading.tsx";
import { useTitle } from "../shell/useTitle.ts";
import { Filters } from "./Filters.tsx";
import { RunTable } from "./RunTable.tsx";
import { isFiltered, queryOf, type RunsSearch } from "./search.ts";
import { useShownRuns } from "./useShownRuns.ts";

/** All runs, newest first, as they go on. */
export function RunsPage() {
  useTitle("Runs");
  const search = useSearch({ from: "/" });
  const { runs, fresh, next, error, status, asOf, showFresh } = useShownRuns(queryOf(search));
  const title = useId();
  return (
    <>
      <div className="page-head">
        <PageHeading id={title}>Runs</PageHeading>
        <ConnectionPill status={status} />
      </div>
      <Filters search={search} />
      <section className="stack" aria-labelledby={title} aria-busy={runs === null && !error}>
        <Outdated asOf={asOf} status={status} />
        <Fresh count={fresh} onShow={showFresh} />
        {runs && runs.length > 0 && <RunTable runs={runs} />}
        {runs?.length === 0 && <NoRuns search={search} />}
        {runs === null && !error && !status.trouble && <Loading />}
        {runs === null && (error ?? status.trouble) && (
          <Trouble error={error ?? status.trouble ?? new Error()} what="the runs" onAgain={status.reconnect} />
        )}
        <Pages search={search} next={next} />
      </section>
    </>
  );
}

/** A list that is not connected says how old it is. */
function Outdated({ asOf, status: { reconnect, text } }: { asOf: number | null; status: ConnectionStatus }) {
  return (
    <div role="status">
      {asOf !== null && (
        <div className="hw-banner">
          <p>
            Showing runs as of {timeOfDay(asOf)}. {text}
          </p>
          <button type="button" className="hw-button" onClick={reconnect}>
            Retry now
          </button>
        </div>
      )}
    </div>
  );
}

/** New runs are offered, never put above a row that is about to be clicked. */
function Fresh({ count, onShow }: { count: number; onShow: () => Promise<void> }) {
  return (
    <div className="fresh" role="status">
      {count > 0 && (
        <button type="button" className="hw-button" onClick={() => void onShow()}>
          Show {many(count, "new run")}
        </button>
      )}
    </div>
  );
}

function Loading() {
  return (
    <div className="skeleton">
      <p className="hw-hidden">Loading the runs</p>
      {[1, 2, 3, 4, 5].map((row) => (
        <i key={row} aria-hidden="true" />
      ))}
    </div>
  );
}

function NoRuns({ search }: { search: RunsSearch }) {
  if (isFiltered(search)) {
    return (
      <Notice title="No runs match" action={<Link to="/">Show all runs</Link>}>
        None of the runs you may see fits these filters.
      </Notice>
    );
  }
  return (
    <Notice title="No runs yet" action={<Link to="/jobs">Start a job</Link>}>
      Runs appear here as soon as something starts one: this console, your application, a schedule.
    </Notice>
  );
}

function Pages({ search, next }: { search: RunsSearch; next: string | null }) {
  if (next === null && search.page === undefined) return null;
  return (
    <nav className="pages" aria-label="Pages of the list">
      {search.page !== undefined && (
        <Link className="hw-button" to="/" search={{ ...search, page: undefined }}>
          Newest
        </Link>
      )}
      {next !== null && (
        <Link className="hw-button" to="/" search={{ ...search, page: next }}>
          Older
        </Link>
      )}
    </nav>
  );
}
