/** Where a run is found: from its id, its address, or the address of a stream in somebody's own application. */

/** The addresses of one run. Of a stream in somebody's own application nothing else is known. */
export interface Address {
  stream: string;
  /** The run's snapshot; commands and pages of its log stand below it. */
  self: string | null;
}

/**
 * Find the addresses of a run.
 *
 * @param target A run id; the address of a run or its stream (`…/v1/runs/run_1`); any other address that streams.
 * @param baseUrl Where Headway is mounted; used for ids only.
 */
export function addressOf(target: string, baseUrl: string): Address {
  const url = target.includes("/") ? target : `${baseUrl}/v1/runs/${encodeURIComponent(target)}`;
  const self = /^(.*\/v1\/runs\/[^/?#]+)(\/stream)?\/?$/.exec(url)?.[1] ?? null;
  return { self, stream: self === null ? url : `${self}/stream` };
}

/** Return where Headway is mounted, when it serves this very file as `<prefix>/client.js`; else the origin's root. */
export function defaultBaseUrl(moduleUrl: string = import.meta.url): string {
  return /^(https?:.*)\/client\.js(\?.*)?$/.exec(moduleUrl)?.[1] ?? "";
}
