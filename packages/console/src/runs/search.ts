import type { RunSearch, RunStatus } from "@headway-run/client";
import { STATUSES } from "../model/status.ts";
import { many, one } from "../search.ts";

/** The id of the field for words. */
export const SEARCH_BOX = "search";

/** Which runs are listed: stands in the address, so that a list can be sent to somebody. */
export interface RunsSearch {
  /** Words that are looked for. */
  q?: string | undefined;
  status?: RunStatus[] | undefined;
  job?: string | undefined;
  group?: string | undefined;
  /** `next` of the page before; without it the newest. */
  page?: string | undefined;
}

export function readRunsSearch(given: Record<string, unknown>): RunsSearch {
  const status = many(given["status"], STATUSES);
  return {
    q: one(given["q"])?.trim() || undefined,
    status: status.length > 0 ? status : undefined,
    job: one(given["job"]),
    group: one(given["group"]),
    page: one(given["page"]),
  };
}

export function isFiltered({ q, status, job, group }: RunsSearch): boolean {
  return q !== undefined || status !== undefined || job !== undefined || group !== undefined;
}

/** The same, as the API is asked for it. */
export function queryOf({ q, status, job, group, page }: RunsSearch): RunSearch {
  return {
    ...(q && { q }),
    ...(status && { status }),
    ...(job && { job }),
    ...(group && { group }),
    ...(page && { page }),
  };
}
