/** Where a run is found: from its id, its address, or the address of a stream in somebody's own application. */

/** The addresses of one run. Of a stream in somebody's own application nothing else is known. */
export interface Address {
  stream: string;
  /** The run's snapshot; commands and pages of its log stand below it. */
  self: string | null;
}

const RUN_PATH = /^(.*\/v1\/runs\/[^/?#]+)(\/stream)?\/?$/;

/**
 * Find the addresses of a run.
 *
 * @param target A run id; the address of a run or its stream (`…/v1/runs/run_1`); any other address that streams.
 * @param baseUrl Where Headway is mounted; used for ids only.
 */
export function addressOf(target: string, baseUrl: string): Address {
  if (!target.includes("/")) return addressOf(`${baseUrl}/v1/runs/${encodeURIComponent(target)}`, "");
  const self = RUN_PATH.exec(target)?.[1] ?? null;
  return { self, stream: self === null ? target : `${self}/stream` };
}

/** Add parameters to an address that may have some. */
export function withQuery(url: string, query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined) as [string, string][];
  if (given.length === 0) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams(given)}`;
}

/** Return where Headway is mounted, when it serves this very file as `<prefix>/client.js`; else the origin's root. */
export function defaultBaseUrl(moduleUrl: string = import.meta.url): string {
  return /^(https?:.*)\/client\.js(\?.*)?$/.exec(moduleUrl)?.[1] ?? "";
}
