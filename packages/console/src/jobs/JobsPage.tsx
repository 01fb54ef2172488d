import "../styles/form.css";
import "../styles/jobs.css";
import { Problem } from "@headway-run/react/components";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Icon } from "../parts/Icon.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { queries } from "../queries.ts";
import { PageHeading } from "../shell/PageHeading.tsx";
import { useTitle } from "../shell/useTitle.ts";
import { JobForm, wantForm } from "./JobForm.tsx";
import { type JobInfo, jobsQuery } from "./query.ts";

/** How often the page looks whether the server is there: the jobs themselves change only with the application. */
const LOOK_MS = 10_000;

/** What can be started, and a form for the one that was chosen. */
export function JobsPage() {
  const { job: name } = useSearch({ from: "/jobs" });
  const { data: jobs, error, refetch } = useQuery({ ...jobsQuery, refetchInterval: LOOK_MS }, queries);
  const job = jobs?.find((one) => one.name === name);
  useTitle(job ? `Start ${job.name}` : "Jobs");
  return (
    <>
      <PageHeading>Jobs</PageHeading>
      {!jobs && error && <Trouble error={error} what="the jobs" onAgain={() => void refetch()} />}
      {!jobs && !error && <p aria-busy="true">Loading…</p>}
      {jobs && error && <Problem hint="Nothing can be started before it is there again">{error.message}</Problem>}
      {jobs?.length === 0 && <NoJobs />}
      {jobs && jobs.length > 0 && (
        <div className="jobs">
          <JobList jobs={jobs} chosen={name} />
          {job && <JobForm key={job.name} job={job} />}
          {!job && name !== undefined && (
            <Notice title={`There is no job ${name}`}>The application may have another name for it by now.</Notice>
          )}
          {!job && name === undefined && <Notice title="Choose a job">Its form appears here.</Notice>}
        </div>
      )}
    </>
  );
}

function JobList({ jobs, chosen }: { jobs: readonly JobInfo[]; chosen: string | undefined }) {
  return (
    <nav aria-label="Jobs">
      <ul className="job-list">
        {jobs.map(({ name, description }) => (
          <li key={name}>
            <Link
              to="/jobs"
              search={{ job: name }}
              className="job"
              aria-current={name === chosen ? "true" : undefined}
              resetScroll={false}
              onClick={wantForm}
            >
              <strong>{name}</strong>
              {description && <span className="muted small">{description.split("\n")[0]}</span>}
              <Icon name="right" />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function NoJobs() {
  return (
    <Notice title="No jobs to start">
      No job of this application may be started over HTTP. Runs that are reported from outside, or opened by your own
      routes, are in the <Link to="/">list of runs</Link>.
    </Notice>
  );
}
