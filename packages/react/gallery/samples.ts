/** What the pieces of the gallery show: runs made by the fold, and connections in each of their states. */

import { type ConnectionInfo, type ConnectionState, HeadwayError, type Snapshot } from "@headway-run/client";
import type { ConnectionRecord } from "../src/components/index.ts";
import type { ConnectionStatus } from "../src/index.ts";
import { connectionSign, connectionText, isOutdated } from "../src/words/index.ts";
import { DOWN, ENHANCING, PLANNING, trip } from "../test/support/trip.ts";

/** As of now, wherever a clock stands on the page. */
export const NOW: number = Date.parse("2026-11-21T12:03:11Z");

const FAILED = ["item.failed", { key: "day:2", error: DOWN }] as const;

export const RUNS: Readonly<Record<string, Snapshot>> = {
  "in its second phase": trip(...PLANNING),
  "in its third phase": trip(...ENHANCING, ["phase.started", { id: "enhance" }], ["phase.finished", { id: "plan" }]),
  "partly done": trip(...ENHANCING, [...FAILED], ["phase.finished", { id: "plan" }], ["run.partial", { result: null }]),
  failed: trip(...PLANNING, ["phase.failed", { id: "plan", error: DOWN }], ["run.failed", { error: DOWN }]),
  cancelled: trip(...PLANNING, ["run.cancelled", {}]),
};

export const GONE: HeadwayError = new HeadwayError("not_found", "There is no such run.", {
  status: 404,
  problem: { hint: "It may have been deleted." },
});

/** How a connection stands in a state. */
export function statusOf(
  state: ConnectionState,
  downMs = 0,
  changes: Partial<ConnectionInfo> = {},
  seen = true,
): ConnectionStatus {
  const connection: ConnectionInfo = {
    ...{ state, transport: "sse", attempt: downMs > 0 ? 3 : 0, retryAt: null },
    ...{ trouble: state === "backoff" ? new HeadwayError("network") : null, ...changes },
  };
  const retryInS = state === "backoff" ? 8 : null;
  return {
    ...connection,
    sign: connectionSign(connection, seen, downMs),
    text: connectionText(connection, retryInS),
    retryInS,
    downMs,
    downAt: downMs > 0 ? NOW - downMs : null,
    outdated: isOutdated(state, downMs),
    reconnect() {},
  };
}

export const RECORD: ConnectionRecord = {
  getMetrics: () => ({
    ...{ lastEventAgeMs: 4_200, connects: 3, events: 1_284, gaps: 0, duplicates: 2 },
    history: ["Connecting", "Live", "Reconnecting (No connection)", "Connecting", "Polling", "Live"].map(
      (text, index) => ({ at: NOW + 20_000 * index, text }),
    ),
  }),
  copyReport: () => "a report",
};

export const TEXT =
  "Saturday in Paris: begin at the Louvre before the queues, walk along the river, and have lunch at noon.\n\n" +
  "Sunday in Rome: the Forum in the morning, a park when it is hot, and the hill for the light at the end of the day.";
