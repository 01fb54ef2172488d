/** The example's own routes. What happens to a run goes through `@headway-run/client`. */

import type { Snapshot } from "@headway-run/client";
import type { DocumentRef, Order } from "./model/draft.ts";
import { type Message, parseMessage } from "./model/message.ts";

/** Return an address below the page's own, wherever that is mounted. */
export function here(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** Why a request was not answered as hoped, in words for people. */
export class RequestError extends Error {
  /** HTTP status, or null when there was no answer. */
  readonly status: number | null;
  readonly hint: string | null;

  constructor(message: string, status: number | null, hint: string | null = null) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** What the builder needs to know. */
export interface Builder {
  sample: Record<"own" | "competitors", { documents: number; words: number }>;
  /** Addresses of sites to try, by name. */
  sites: Record<string, string>;
  limits: { bytes: number; kinds: string };
  /** Who writes; null: templates. */
  model: string | null;
}

export interface Created {
  id: string;
  snapshot: Snapshot;
}

export const readBuilder = (): Promise<Builder> => request<Builder>("api/builder");

/** Keep a file on the server. */
export const upload = (file: File): Promise<DocumentRef> =>
  request<DocumentRef>(`api/documents?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });

/** @param key The same key is the same strategy, however often it is sent. */
export const order = (order: Order, key: string): Promise<Created> =>
  request<Created>("api/strategies", {
    method: "POST",
    body: JSON.stringify(order),
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
  });

/** How a strategy stands, as one message; not without having been looked at. */
export const readStatus = async (id: string): Promise<Message> =>
  parseMessage(await request<unknown>(`api/strategies/${id}/status`));

export const markdownHref = (id: string): string => here(`api/strategies/${id}/markdown`);

async function request<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(here(path), init).catch(() => {
    throw new RequestError("The server cannot be reached", null);
  });
  if (response.ok) return (await response.json()) as Answer;
  const problem: { detail?: unknown; hint?: unknown } | null = await response.json().catch(() => null);
  const detail = typeof problem?.detail === "string" ? problem.detail : `The server answered ${response.status}`;
  throw new RequestError(detail, response.status, typeof problem?.hint === "string" ? problem.hint : null);
}
