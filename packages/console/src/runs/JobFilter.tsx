import { useQuery } from "@tanstack/react-query";
import { jobsQuery } from "../jobs/query.ts";
import { queries } from "../queries.ts";

interface JobFilterProps {
  job: string | undefined;
  onChoose: (job: string | undefined) => void;
}

/** Runs of one job: of those that may be started over HTTP, and of the one that is chosen already. */
export function JobFilter({ job, onChoose }: JobFilterProps) {
  const { data } = useQuery(jobsQuery, queries);
  const names = [...new Set([...(job ? [job] : []), ...(data ?? []).map(({ name }) => name)])];
  return (
    <div className="filter">
      <label htmlFor="job">Job</label>
      <select id="job" value={job ?? ""} onChange={({ target }) => onChoose(target.value || undefined)}>
        <option value="">All jobs</option>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </div>
  );
}
