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
  const [, self, query = ""] = /^(.*\/v1\/runs\/[^/?#]+)(?:\/(?:stream|events))?\/?(\?.*)?$/.exec(url) ?? [];
  const below = (path: string) => (self ? self + path + query : url);
  return { self, stream: below("/stream"), state: below(""), events: below("/events") };
}

/**
 * Add parameters to an address that may have some, and what this client calls itself: for the server's metrics, and to say
 * that it understands 429 and 503 and is told of an overload by them.
 *
 * @param more Further parameters, each after an `&`.
 */
export function asked(url: string, more = ""): string {
  return `${url}${url.includes("?") ? "&" : "?"}client=ts/0.1.0${more}`;
}

/** Return where Headway is mounted, when it serves this very file as `<prefix>/client.js`; else the origin's root. */
export function defaultBaseUrl(moduleUrl: string = import.meta.url): string {
  return /^(https?:.*)\/client\.js(\?.*)?$/.exec(moduleUrl)?.[1] ?? "";
}
