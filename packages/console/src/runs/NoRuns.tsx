import { Link } from "@tanstack/react-router";
import { Notice } from "../parts/Notice.tsx";
import { isFiltered, type RunsSearch, SEARCH_BOX } from "./search.ts";

interface NoRunsProps {
  search: RunsSearch;
  /** Where older runs begin that were not looked at; null: all were. */
  older: string | null;
}

/** Why the list is empty, and what can be done about it. */
export function NoRuns({ search, older }: NoRunsProps) {
  if (search.q) return <NothingFound search={search} words={search.q} older={older} />;
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

function NothingFound({ search, words, older }: NoRunsProps & { words: string }) {
  const others = isFiltered({ ...search, q: undefined }) ? " and fits the other filters" : "";
  const all = search.page === undefined ? "None of the runs you may see" : "None of the older runs you may see";
  return (
    <Notice
      title={`No runs found for “${words}”`}
      action={
        <div className="head-line">
          {older !== null && <LookFurther search={search} older={older} />}
          <Link
            className="hw-button"
            to="/"
            search={{ ...search, q: undefined, page: undefined }}
            onClick={() => document.getElementById(SEARCH_BOX)?.focus()} // this link goes away
          >
            Clear the search
          </Link>
        </div>
      }
    >
      {older === null ? all : "None of the runs that were looked at"} has all of this in its title, job or id{others}.
      {older !== null && " Older runs have not been looked at yet."}
    </Notice>
  );
}

/** The way on for a search that ended before all runs were seen. */
export function LookFurther({ search, older }: { search: RunsSearch; older: string }) {
  return (
    <Link className="hw-button" to="/" search={{ ...search, page: older }}>
      Look further
    </Link>
  );
}
