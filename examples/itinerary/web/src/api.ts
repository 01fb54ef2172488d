/** The example's own routes. What happens to a run goes through `@headway-run/client`. */

import type { Snapshot } from "@headway-run/client";
import type { City, Draft } from "./model/draft.ts";

/** Return an address below the page's own, wherever that is mounted. */
export function here(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** Why a request was not answered as hoped, in words for people. */
export class RequestError extends Error {
  /** HTTP status, or null when there was no answer. */
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

/** How the place provider behaves; the part of it that this page turns. */
export interface Dial {
  latency_min_s: number;
  latency_max_s: number;
  fault_rate: number;
  down: boolean;
}

export interface CreatedTrip {
  id: string;
  snapshot: Snapshot;
}

/** What can be done to this server from the page, and what is set on it. */
export interface Demo {
  /** Processes may be killed: only under `headway demo`, on the machine itself. */
  kill: boolean;
  viewers_max: number;
  /** Seconds the planner may look for the best tour of a day. */
  search_s: number;
  /** Seconds between two heartbeats of a stream. */
  ping_s: number;
}

export interface Viewer {
  n: number;
  status: "connecting" | "live" | "reconnecting" | "ended";
  seq: number;
}

export interface Viewers {
  viewers: Viewer[];
  /** Those that are at the same event show the same. */
  agree: boolean;
}

export type Victim = "worker" | "server";

export const listCities = (): Promise<City[]> => request("GET", "api/cities");
export const createTrip = (draft: Draft): Promise<CreatedTrip> => request("POST", "itineraries", draft);
export const readDial = (): Promise<Dial> => request("GET", "api/dial");
export const turnDial = (change: Partial<Dial>): Promise<Dial> => request("PUT", "api/dial", change);

/** Null: the server has no such thing. */
export const readDemo = (): Promise<Demo | null> => request<Demo>("GET", "demo").catch(nullWhenAbsent);
export const kill = (what: Victim): Promise<unknown> => request("POST", "demo/kill", { what });
export const listViewers = (run: string): Promise<Viewers> => request("GET", `demo/viewers?run_id=${run}`);
export const sendViewers = (run: string, count: number): Promise<Viewers> =>
  request("POST", "demo/viewers", { run_id: run, count });
export const dismissViewers = (run: string): Promise<Viewers> => request("DELETE", `demo/viewers?run_id=${run}`);

function nullWhenAbsent(error: RequestError): null {
  if (error.status === 404) return null;
  throw error;
}

async function request<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await fetch(here(path), { method, ...init }).catch(() => {
    throw new RequestError("The server cannot be reached.", null);
  });
  if (!response.ok) throw new RequestError(await complaint(response), response.status);
  return (await response.json()) as Answer;
}

/** FastAPI says what is wrong as a text, or as a list with one entry per field. */
async function complaint(response: Response): Promise<string> {
  const answer: { detail?: unknown } | null = await response.json().catch(() => null);
  const detail = answer?.detail;
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail)) return detail.map(({ msg }) => `${msg}`.replace(/^Value error, /, "")).join("; ");
  return `The server answered ${response.status}.`;
}
