/** Requests the client package has no words for. Whatever goes wrong is a `HeadwayError`. */

import { HeadwayError } from "@headway-run/client";
import { headway } from "./client.ts";

/** How often a list is asked for again before its trouble is shown. */
const RETRIES = 2;
/** Clocks that differ by less agree: the header leaves out parts of a second. */
const PRECISION_MS = 1_500;

/**
 * Ask this page's Headway for JSON.
 *
 * @param path Below Headway's prefix, as `/v1/jobs`.
 */
export async function ask<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  const response = await headway.shared.request(`${headway.shared.baseUrl}${path}`, { signal });
  setClock(response.headers.get("Date"));
  return response.json().catch(() => {
    throw new HeadwayError("protocol");
  });
}

/** How far the server's clock is ahead of this one. */
let offsetMs = 0;

function setClock(date: string | null): void {
  const offset = Date.parse(date ?? "") + 500 - Date.now();
  if (!Number.isNaN(offset)) offsetMs = Math.abs(offset) > PRECISION_MS ? offset : 0;
}

/** The server's time, in milliseconds since the epoch: what times of events are compared with. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** Whether a list that could not be had is worth another try. */
export function shouldRetry(failures: number, error: Error): boolean {
  return failures < RETRIES && error instanceof HeadwayError && error.retryable;
}
