import { queryOptions } from "@tanstack/react-query";
import { ask } from "../api.ts";
import type { Schema } from "../form/schema.ts";

/** A registered job, as `GET /v1/jobs` tells of it. */
export interface JobInfo {
  name: string;
  description: string | null;
  phases: { id: string; title: string; weight: number }[];
  /** Null: it takes nothing. */
  input_schema: Schema | null;
  result_schema: Schema;
}

/** The jobs that may be started over HTTP; they change only with the application. */
export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: async ({ signal }) => (await ask<{ jobs: JobInfo[] }>("/v1/jobs", signal)).jobs,
  staleTime: 60_000,
});
