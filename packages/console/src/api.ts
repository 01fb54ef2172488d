/** Requests the client package has no words for: each answers with JSON, or throws a `HeadwayError`. */

import { type ErrorCategory, HeadwayError, type Problem } from "@headway-run/client";
import { headwayPath } from "./place.ts";

const CATEGORIES: Record<number, ErrorCategory> = {
  401: "auth",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  410: "expired",
  429: "rate_limited",
};
/** How often a list is asked for again before its trouble is shown. */
const RETRIES = 2;

export interface Call {
  /** Sent as JSON, by POST. */
  body?: unknown;
  headers?: Record<string, string>;
  method?: string;
  signal?: AbortSignal;
}

/**
 * Ask this page's Headway.
 *
 * @param path Below Headway's prefix, as `/v1/jobs`.
 * @throws HeadwayError whatever goes wrong.
 */
export async function ask<Answer>(path: string, { body, headers, method, signal }: Call = {}): Promise<Answer> {
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await fetch(`${headwayPath()}${path}`, {
    cache: "no-store",
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { Accept: "application/json", ...json, ...headers },
    signal: signal ?? null,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw signal?.aborted ? cause : new HeadwayError("network");
  });
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204) return undefined as Answer;
  return response.json().catch(() => {
    throw new HeadwayError("protocol");
  });
}

async function errorOf(response: Response): Promise<HeadwayError> {
  const { status } = response;
  const problem: Partial<Problem> = (await response.json().catch(() => null)) ?? {};
  const category = CATEGORIES[status] ?? (status < 500 ? "invalid" : "server");
  return new HeadwayError(category, undefined, { status, problem });
}

/** Whether a list that could not be had is worth another try. */
export function shouldRetry(failures: number, error: Error): boolean {
  return failures < RETRIES && error instanceof HeadwayError && error.retryable;
}
