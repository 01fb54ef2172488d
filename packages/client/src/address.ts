/** Where a run is found: from its id, its address, or the address of a stream in somebody's own application. */

/** The addresses of one run. A stream in somebody's own application answers those who poll at the same address. */
export interface Address {
  stream: string;
  /** The run's snapshot. */
  state: string;
  /** Pages of its log. */
  events: string;
  /** Commands stand below it; undefined where only the stream is known. */
  self: string | undefined;
}

/**
 * Find the addresses of a run.
 *
 * @param target A run id; the address of a run or its stream (`…/v1/runs/run_1`); any other address that streams.
 * @param baseUrl Where Headway is mounted; used for ids only.
 */
export function addressOf(target: string, baseUrl: string): Address {
  const url = target.includes("/") ? target : `${baseUrl}/v1/runs/${encodeURIComponent(target)}`;
  const self = /^(.*\/v1\/runs\/[^/?#]+)(\/(stream|events))?\/?$/.exec(url)?.[1];
  const below = (path: string) => (self ? self + path : url);
  return { self, stream: below("/stream"), state: below(""), events: below("/events") };
}

/** Add parameters to an address that may have some. */
export function withQuery(url: string, query: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

/** Return where Headway is mounted, when it serves this very file as `<prefix>/client.js`; else the origin's root. */
export function defaultBaseUrl(moduleUrl: string = import.meta.url): string {
  return /^(https?:.*)\/client\.js(\?.*)?$/.exec(moduleUrl)?.[1] ?? "";
}
