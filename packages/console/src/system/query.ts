/** What the system page asks of the server, and what it tells it to do. All of it needs the scope `admin`. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask } from "../api.ts";
import { headway } from "../client.ts";

/** How often the page looks, while it can be seen. */
export const LOOK_MS = 2_000;
const SHOWN = 100;

/** How many processes had a part in an answer. */
export interface Reach {
  complete: boolean;
  asked: number;
  answered: number;
  missing: string[];
}

export interface Times {
  bounds: number[];
  /** Values at most as large as each bound, not adding up; the last one: above all. */
  counts: number[];
  sum: number;
}

export interface Figures {
  viewers: { transport: string; client: string; count: number }[];
  counts: Record<string, number>;
  sizes: Record<string, number>;
  times: Record<string, Times>;
}

export interface ProcessFigures extends Figures {
  id: string;
  host: string;
  pid: number;
  version: string;
  role: string;
  seconds: number;
  late_s: number;
  draining: boolean;
}

export interface WorkerFigures {
  id: string;
  gone: boolean;
  silent_s: number | null;
  running: { run_id: string; job: string; title: string; attempt: number; since: string | null }[];
}

interface Part {
  name: string;
  ok: boolean;
  trouble: string | null;
}

export interface Transports {
  known: string[];
  on: string[];
  set: boolean;
}

/** Answer to `GET /v1/system`. */
export interface System extends Figures, Reach {
  at: string;
  store: Part & { durable: boolean };
  engine: Part;
  direct: { on: boolean; reason: string | null };
  transports: Transports;
  processes: ProcessFigures[];
  workers: WorkerFigures[];
  jobs: { job: string; queued: number; running: number; queued_since: string | null }[];
  jobs_complete: boolean;
  listeners: { name: string; lag_s: number; told_at: string | null; oldest_run: string | null }[];
}

export interface Connection {
  id: string;
  process: string;
  transport: string;
  path: string | null;
  viewer: string;
  client: string;
  peer: string | null;
  watched: string[];
  opened_at: string;
  sent_bytes: number;
  waiting_bytes: number;
  stalled: boolean;
}

export interface Connections extends Reach {
  connections: Connection[];
  total: number;
}

export type Level = "info" | "warning" | "critical";
export type Whom = Partial<Record<"run" | "viewer" | "client" | "group", string>>;

export interface StandingNotice {
  id: string;
  text: string;
  level: Level;
  at: string;
  until: string | null;
  to: Whom;
}

export interface Told extends Reach {
  reached: number;
  unreached: number;
}

/** Which connections are listed. */
export interface Which {
  run?: string;
  viewer?: string;
  client?: string;
  transport?: string;
}

const live = (paused: boolean) => ({ refetchInterval: paused ? (false as const) : LOOK_MS, staleTime: 0 });

export const systemQuery = (paused: boolean) =>
  queryOptions({
    queryKey: ["system"],
    queryFn: ({ signal }) => ask<System>("/v1/system", signal),
    ...live(paused),
  });

export const connectionsQuery = (which: Which, paused: boolean) =>
  queryOptions({
    queryKey: ["connections", which],
    queryFn: ({ signal }) =>
      ask<Connections>(`/v1/connections?${new URLSearchParams({ ...which, limit: `${SHOWN}` })}`, signal),
    placeholderData: keepPreviousData,
    ...live(paused),
  });

export const noticesQuery = queryOptions({
  queryKey: ["notices"],
  queryFn: async ({ signal }) => (await ask<{ notices: StandingNotice[] }>("/v1/notices", signal)).notices,
  refetchInterval: LOOK_MS,
  staleTime: 0,
});

// -- what it is told

function send<Answer>(path: string, body: object): Promise<Answer> {
  return headway.shared.json<Answer>(`${headway.shared.baseUrl}${path}`, { body });
}

async function remove(path: string): Promise<void> {
  await headway.shared.request(`${headway.shared.baseUrl}${path}`, { method: "DELETE" });
}

export const closeConnection = (id: string) => remove(`/v1/connections/${encodeURIComponent(id)}`);

export const sayTo = (id: string, text: string, level: Level) =>
  send<Told>(`/v1/connections/${encodeURIComponent(id)}/notice`, { text, level });

/** @param forS Seconds after which it is over; null: when it is taken away. */
export const putNotice = (text: string, level: Level, forS: number | null, to: Whom) =>
  send<StandingNotice>("/v1/notices", { text, level, for_s: forS, to });

export const sayOnce = (text: string, level: Level, to: Whom) =>
  send<Told>("/v1/notices", { text, level, once: true, to });

export const endNotice = (id: string) => remove(`/v1/notices/${encodeURIComponent(id)}`);

export const switchTransports = (on: string[] | null) => send<Transports>("/v1/transports", { on });
