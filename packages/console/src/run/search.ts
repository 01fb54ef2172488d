import { one } from "../search.ts";

export const TABS = ["timeline", "results", "output", "log", "connection"] as const;
export type Tab = (typeof TABS)[number];

/** What is open of a run. */
export interface RunSearch {
  tab?: Tab | undefined;
  /** A line of the log. */
  seq?: number | undefined;
}

export function readRunSearch(given: Record<string, unknown>): RunSearch {
  const seq = Number(one(`${given["seq"] ?? ""}`)); // a link says a number, the address a text
  return { tab: TABS.find((tab) => tab === given["tab"]), seq: Number.isInteger(seq) && seq > 0 ? seq : undefined };
}
