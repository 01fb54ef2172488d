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
 * - `aborted`: ended by ourselves.
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

/** For people, where no server has words of its own. */
const MESSAGES: Partial<Record<ErrorCategory, string>> = {
  auth: "Please sign in.",
  network: "The server cannot be reached.",
  timeout: "The server does not answer.",
  protocol: "This is not Headway.",
};

/** Body of an error answer (RFC 9457). */
export interface Problem {
  code: ProblemCode;
  title: string;
  detail: string;
  retryable: boolean;
  hint: string | null;
  request_id: string | null;
  /** Each place of an input that does not fit. */
  errors: readonly { loc: readonly (string | number)[]; msg: string; type: string }[];
}

/** The one error of this package. Its message is made for people. */
export class HeadwayError extends Error {
  override readonly name = "HeadwayError";
  declare readonly category: ErrorCategory;
  /** HTTP status, or null when there was no answer. */
  readonly status: number | null = null;
  /** What the server said of it: its `code`, a `hint`, the `request_id` that names it in the log. */
  readonly problem: Partial<Problem> = {};
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number = 0;

  constructor(category: ErrorCategory, message?: string | null, about: Partial<HeadwayError> = {}) {
    const { problem, status } = about;
    super(message ?? problem?.detail ?? MESSAGES[category] ?? `The server answered ${status}.`);
    this.category = category;
    Object.assign(this, about);
  }

  /** The same request may succeed later. */
  get retryable(): boolean {
    return /network|timeout|rate_limited|server/.test(this.category);
  }
}

const CATEGORIES: Record<number, ErrorCategory> = {
  401: "auth",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  410: "expired",
  429: "rate_limited",
};

/** Make an error of an answer that is not a success. */
export async function errorOf(response: Response): Promise<HeadwayError> {
  const { status, headers } = response;
  // A proxy in front answers with a page of its own; the status says enough.
  const problem: Partial<Problem> = (await response.json().catch(() => null)) ?? {};
  const category = CATEGORIES[status] ?? (status < 400 ? "protocol" : status < 500 ? "invalid" : "server");
  const retryAfterMs = Number(headers.get("Retry-After")) * 1000 || 0;
  return new HeadwayError(category, null, { status, problem, retryAfterMs });
}

/** Make an error of whatever was thrown. What is no JSON came from something else than Headway. */
export function errorFrom(cause: unknown): HeadwayError {
  if (cause instanceof HeadwayError) return cause;
  return new HeadwayError(cause instanceof SyntaxError ? "protocol" : "network", null, { cause });
}
