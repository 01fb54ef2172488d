import { useQuery } from "@tanstack/react-query";
import { ask } from "../api.ts";
import { Trouble } from "../parts/Trouble.tsx";
import { useTitle } from "../shell/useTitle.ts";

/** A registered job, as `GET /v1/jobs` tells. */
export interface JobInfo {
  name: string;
  description: string | null;
  phases: { id: string; title: string; weight: number }[];
  input_schema: Record<string, unknown> | null;
  result_schema: Record<string, unknown>;
}

/** What can be started. */
export function JobsPage() {
  useTitle("Jobs");
  const { data, error, refetch } = useQuery({
    queryKey: ["jobs"],
    queryFn: () => ask<{ jobs: JobInfo[] }>("/v1/jobs"),
  });
  return (
    <>
      <h1 tabIndex={-1}>Jobs</h1>
      <ul>
        {data?.jobs.map((job) => (
          <li key={job.name}>
            {job.name} {job.description}
          </li>
        ))}
      </ul>
      {!data && error && <Trouble error={error} what="the jobs" onAgain={() => void refetch()} />}
    </>
  );
}
