import type { ConnectionStatus } from "@headway-run/react";
import { ConnectionPill } from "@headway-run/react/components";
import { timeOfDay } from "@headway-run/react/words";
import { Link, useSearch } from "@tanstack/react-router";
import { useId } from "react";
import { many } from "../model/words.ts";
import { Trouble } from "../parts/Trouble.tsx";
import { PageHeading } from "../shell/PageHeading.tsx";
import { useTitle } from "../shell/useTitle.ts";
import { Filters } from "./Filters.tsx";
import { LookFurther, NoRuns } from "./NoRuns.tsx";
import { RunTable } from "./RunTable.tsx";
import { queryOf, type RunsSearch } from "./search.ts";
import { useShownRuns } from "./useShownRuns.ts";

/** All runs, newest first, as they go on. */
export function RunsPage() {
  useTitle("Runs");
  const search = useSearch({ from: "/" });
  const { runs, fresh, next, incomplete, error, status, asOf, showFresh } = useShownRuns(queryOf(search));
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
        <Found words={search.q} count={runs?.length} />
        {runs && runs.length > 0 && <RunTable runs={runs} />}
        {runs?.length === 0 && <NoRuns search={search} older={incomplete ? next : null} />}
        {runs === null && !error && !status.trouble && <Loading />}
        {runs === null && (error ?? status.trouble) && (
          <Trouble error={error ?? status.trouble ?? new Error()} what="the runs" onAgain={status.reconnect} />
        )}
        <Pages search={search} next={next} incomplete={incomplete} empty={runs?.length === 0} />
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

/** For those who do not see the rows come. */
function Found({ words, count }: { words: string | undefined; count: number | undefined }) {
  return (
    <div className="hw-hidden" role="status">
      {words && count !== undefined && `${count === 0 ? "No runs" : many(count, "run")} found`}
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

interface PagesProps {
  search: RunsSearch;
  next: string | null;
  incomplete: boolean;
  empty: boolean;
}

function Pages({ search, next, incomplete, empty }: PagesProps) {
  // An empty list itself says where to look further.
  const older = empty && incomplete ? null : next;
  if (older === null && search.page === undefined) return null;
  return (
    <>
      {older !== null && incomplete && <p className="muted">Older runs have not been looked at yet.</p>}
      <nav className="pages" aria-label="Pages of the list">
        {search.page !== undefined && (
          <Link className="hw-button" to="/" search={{ ...search, page: undefined }}>
            Newest
          </Link>
        )}
        {older !== null &&
          (incomplete ? (
            <LookFurther search={search} older={older} />
          ) : (
            <Link className="hw-button" to="/" search={{ ...search, page: older }}>
              Older
            </Link>
          ))}
      </nav>
    </>
  );
}
