/** What connections did, in numbers. Times are milliseconds; ages and spans are as of the call. */

import type { ErrorCategory } from "../errors.ts";
import type { ConnectionState } from "../machine.ts";
import type { Note } from "../note.ts";
import type { TransportName } from "../transport.ts";
import { maskedAddress } from "./masked.ts";
import { connectionWords, ERROR_WORDS } from "./words.ts";

/** Moments of the history that are kept. */
const HISTORY_MAX = 50;
/** In these what is shown may be old. */
const DOWN: readonly ConnectionState[] = ["connecting", "stale", "backoff", "offline", "failed"];

/** How long something took. */
export interface Spans {
  readonly count: number;
  readonly last: number;
  readonly mean: number;
  readonly max: number;
}

/** A change of state or transport. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Address of the run's stream, without what is nobody's business. */
  readonly run: string;
  readonly state: ConnectionState;
  readonly transport: TransportName;
  /** What ended the connection before it, or null. */
  readonly reason: ErrorCategory | null;
  /** All that in words. */
  readonly text: string;
}

export interface Metrics {
  /** When counting began, in milliseconds since the epoch. */
  readonly since: number;
  /** Connections that were made, and how many of them after a break. */
  readonly connects: number;
  readonly reconnects: number;
  /** Connections that broke or were refused, by why; `dropped`: ended by the other side without a word. */
  readonly failures: Readonly<Partial<Record<ErrorCategory | "dropped", number>>>;
  /** Time in which all that is watched was up to date, and in which some of it was not, after it once had been. */
  readonly uptimeMs: number;
  readonly downtimeMs: number;
  /** How long some of it has not been so by now; 0: it is. */
  readonly currentDowntimeMs: number;
  readonly events: number;
  readonly bytes: number;
  /** Events that were missing, and that came twice; both are mended by the client. */
  readonly gaps: number;
  readonly duplicates: number;
  readonly lastEventAgeMs: number | null;
  /** From the time of an event to its arrival, by the server's clock; streams only. */
  readonly latencyMs: Spans | null;
  /** From a request to its answer, where it does not wait for news. Needs `fetch` of the status. */
  readonly requestMs: Spans | null;
  /** The last 50 changes, the newest last. */
  readonly history: readonly Moment[];
}

/** What is known of a run while it is watched. */
interface Watched {
  state: ConnectionState;
  transport: TransportName;
  /** It was up to date once. */
  seen: boolean;
  /** What the server's clock is ahead, and its time when the stream began. */
  clock: { aheadMs: number; from: number } | null;
}

export interface Meter {
  /** Count something that happened. */
  count(note: Note): void;
  /** Count an answer. */
  answered(ms: number): void;
  read(): Metrics;
}

export function createMeter(now: () => number): Meter {
  const since = now();
  const watched = new Map<string, Watched>();
  const failures: Partial<Record<ErrorCategory | "dropped", number>> = {};
  const counts = { connects: 0, reconnects: 0, events: 0, bytes: 0, gaps: 0, duplicates: 0 };
  const times = { uptimeMs: 0, downtimeMs: 0 };
  let history: readonly Moment[] = [];
  let latencyMs: Spans | null = null;
  let requestMs: Spans | null = null;
  let lastEventAt: number | null = null;
  let downAt: number | null = null;
  let countedAt = since;

  /** Add the time since the last look to what it belongs to. */
  const pass = () => {
    const time = now();
    const runs = [...watched.values()];
    const ms = Math.max(0, time - countedAt);
    countedAt = time;
    if (downAt !== null) times.downtimeMs += ms;
    else if (runs.some(({ state }) => state === "live" || state === "follower")) times.uptimeMs += ms;
  };

  /** A run's state or transport has changed. */
  const remember = ({ run, info: { state, transport, trouble } }: Note) => {
    // What ended the one before is remembered until an event has come, which a connection that is well need not wait for.
    const reason = (DOWN.includes(state) && trouble?.category) || null;
    const why = reason ? ` (${ERROR_WORDS[reason].word})` : "";
    const text = connectionWords({ state, transport }).word + why;
    history = [...history, { at: now(), run: maskedAddress(run), state, transport, reason, text }].slice(-HISTORY_MAX);
  };

  const isDown = () => [...watched.values()].some(({ seen, state }) => seen && DOWN.includes(state));

  const look = (note: Note) => {
    pass();
    const { run, info, sign } = note;
    const { state, transport } = info;
    const before = watched.get(run) ?? { state: "idle", transport, seen: false, clock: null };
    const made = sign === "opened" && before.state === "connecting";
    counts.connects += Number(made);
    counts.reconnects += Number(made && before.seen);
    if (state !== before.state || transport !== before.transport) remember(note);
    const seen = before.seen || (!DOWN.includes(state) && state !== "idle");
    watched.set(run, { ...before, state, transport, seen });
    if (state === "idle") watched.delete(run);
    downAt = isDown() ? (downAt ?? now()) : null;
  };

  const arrived = (run: string, time: string) => {
    lastEventAt = now();
    counts.events++;
    const clock = watched.get(run)?.clock;
    const at = Date.parse(time);
    // What happened before the stream began has waited for it, which says nothing of the way.
    if (clock && at >= clock.from) latencyMs = longer(latencyMs, Math.max(0, now() + clock.aheadMs - at));
  };

  const setClock = (run: string, detail: unknown) => {
    const from = typeof detail === "string" ? Date.parse(detail) : Number.NaN;
    const one = watched.get(run);
    if (one && from > 0) one.clock = { aheadMs: from - now(), from };
  };

  const count = (note: Note) => {
    const { run, sign, detail, info } = note;
    if (typeof detail === "number") counts.bytes += detail;
    switch (sign) {
      case "applied":
        return arrived(run, detail.time);
      case "gap":
        counts.gaps++;
        return;
      case "duplicate":
        counts.duplicates++;
        return;
      case "lost":
      case "lostOffline":
      case "refused": {
        const why = info.trouble?.category ?? "dropped";
        failures[why] = (failures[why] ?? 0) + 1;
      }
    }
    look(note);
    if (sign === "opened") setClock(run, detail);
  };

  return {
    count,
    answered: (ms) => {
      requestMs = longer(requestMs, ms);
    },
    read() {
      pass();
      const currentDowntimeMs = downAt === null ? 0 : now() - downAt;
      const lastEventAgeMs = lastEventAt === null ? null : now() - lastEventAt;
      return {
        ...{ since, ...counts, ...times, failures: { ...failures } },
        ...{ currentDowntimeMs, lastEventAgeMs, latencyMs, requestMs, history },
      };
    },
  };
}

function longer(spans: Spans | null, last: number): Spans {
  const { count = 0, mean = 0, max = 0 } = spans ?? {};
  return { count: count + 1, last, mean: mean + (last - mean) / (count + 1), max: Math.max(max, last) };
}
