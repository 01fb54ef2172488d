import { one } from "../search.ts";

/** Which job's form is open. */
export interface JobsSearch {
  job?: string | undefined;
}

export function readJobsSearch(given: Record<string, unknown>): JobsSearch {
  return { job: one(given["job"]) };
}
