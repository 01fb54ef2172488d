/** What of an address and of an error may be shown to anybody. */

import type { HeadwayError } from "../errors.ts";

/** A run's id, or something too short and plain to be a key to anything. */
const PLAIN = /^(run_\w+|[\w.-]{1,24})$/;

/** Return an address without who asks, without its query, and without what might be a key in its path. */
export function maskedAddress(address: string): string {
  const [, origin = "", path = ""] = /^(?:(\w+:\/\/)(?:[^/?#]*@)?)?([^?#]*)/.exec(address) ?? [];
  const parts = path.split("/").map((part, n) => (part === "" || (origin && n === 0) || PLAIN.test(part) ? part : "…"));
  return origin + parts.join("/");
}

/** What an error is, without the words that came with it. */
export interface MaskedError {
  readonly category: string;
  readonly status: number | null;
  readonly code: string | null;
  readonly request_id: string | null;
}

export function maskedError({ category, status, problem }: HeadwayError): MaskedError {
  const { code, request_id } = problem;
  const plain = (text: unknown, form: RegExp) => (typeof text === "string" && form.test(text) ? text : null);
  return { category, status, code: plain(code, /^[a-z_]{1,40}$/), request_id: plain(request_id, /^[\w-]{1,64}$/) };
}
