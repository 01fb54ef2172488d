/** The page that the address names. */

import type { Mode } from "../clients.ts";

export type Route = { page: "home" } | { page: "strategy"; id: string; mode: Mode };

export const HOME = "#/";

export function strategyHref(id: string, mode: Mode = "stream"): string {
  return `#/strategies/${id}${mode === "poll" ? "?watch=poll" : ""}`;
}

export function parseRoute(hash: string): Route {
  const [, id, query = ""] = /^#\/strategies\/([\w-]+)(\?.*)?$/.exec(hash) ?? [];
  if (!id) return { page: "home" };
  return { page: "strategy", id, mode: new URLSearchParams(query).get("watch") === "poll" ? "poll" : "stream" };
}
