/** What can go wrong, by what is to be done about it. */

import type { ProblemCode } from "./contract.gen.ts";

/**
 * - `network`: the server was not reached, or the connection broke.
 * - `timeout`: no answer, or no byte for too long.
 * - `auth`: 401, also after the token was refreshed.
 * - `forbidden`, `not_found`: 403, 404, or the run was deleted.
 * - `expired`: 410, what was asked for has been trimmed; the snapshot still has the state.
 * - `conflict`, `invalid`: 409 and other 4xx; the request has to be another one.
 * - `rate_limited`, `server`: 429, 5xx.
 * - `protocol`: the answer is not Headway's.
 * - `aborted`: the caller ended it.
 */
export type ErrorCategory =
  | "network"
  | "timeout"
  | "auth"
  | "forbidden"
  | "not_found"
  | "expired"
  | "conflict"
  | "invalid"
  | "rate_limited"
  | "server"
  | "protocol"
  | "aborted";

/** Body of an error answer (RFC 9457). */
export interface Problem {
  code: ProblemCode;
  title: string;
  detail: string;
  retryable: boolean;
  hint: string | null;
  request_id: string | null;
}

interface Details {
  status?: number | undefined;
  problem?: Partial<Problem> | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

const RETRYABLE: readonly ErrorCategory[] = ["network", "timeout", "rate_limited", "server"];

const MESSAGES: Record<ErrorCategory, string> = {
  network: "The server cannot be reached.",
  timeout: "The server does not answer.",
  auth: "You are not signed in, or no longer.",
  forbidden: "You may not see this.",
  not_found: "There is nothing at this address.",
  expired: "This part of the log is no longer kept.",
  conflict: "This is not possible at present.",
  invalid: "The server refused the request.",
  rate_limited: "Too many requests; trying again later.",
  server: "The server has a problem.",
  protocol: "The answer did not come from a Headway server.",
  aborted: "The request was ended.",
};

/** The one error of this package. Its message is made for people. */
export class HeadwayError extends Error {
  override readonly name = "HeadwayError";
  readonly category: ErrorCategory;
  /** HTTP status, or null when there was no answer. */
  readonly status: number | null;
  /** Code of the server's problem, or null. */
  readonly code: ProblemCode | null;
  /** What may help, in words. */
  readonly hint: string | null;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | null;
  /** Names the request in the server's log. */
  readonly requestId: string | null;

  constructor(category: ErrorCategory, message?: string, { status, problem, retryAfterMs, cause }: Details = {}) {
    super(message ?? problem?.detail ?? problem?.title ?? MESSAGES[category], { cause });
    this.category = category;
    this.status = status ?? null;
    this.code = problem?.code ?? null;
    this.hint = problem?.hint ?? null;
    this.retryable = problem?.retryable ?? RETRYABLE.includes(category);
    this.retryAfterMs = retryAfterMs ?? null;
    this.requestId = problem?.request_id ?? null;
  }
}

/** Whether trying again, with the same or a fresh token, cannot help. */
export function isFinal(error: HeadwayError): boolean {
  return !RETRYABLE.includes(error.category) && error.category !== "expired";
}

/** Make an error of an answer that is not a success. */
export async function errorOf(response: Response, now: number): Promise<HeadwayError> {
  const problem = await problemOf(response);
  const retryAfterMs = retryAfter(response.headers.get("Retry-After"), now);
  return new HeadwayError(categoryOf(response.status), undefined, { status: response.status, problem, retryAfterMs });
}

/** Make an error of whatever was thrown. */
export function errorFrom(thrown: unknown): HeadwayError {
  if (thrown instanceof HeadwayError) return thrown;
  const aborted = thrown instanceof DOMException && thrown.name === "AbortError";
  return new HeadwayError(aborted ? "aborted" : "network", undefined, { cause: thrown });
}

function categoryOf(status: number): ErrorCategory {
  const known: Record<number, ErrorCategory> = {
    401: "auth",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    409: "conflict",
    410: "expired",
    429: "rate_limited",
  };
  return known[status] ?? (status >= 500 ? "server" : status >= 400 ? "invalid" : "protocol");
}

async function problemOf(response: Response): Promise<Partial<Problem> | undefined> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    // A proxy in front answers with a page of its own; the status says enough.
    return undefined;
  }
}

/** Read `Retry-After`: seconds or a date (RFC 9110, section 10.2.3). */
function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
