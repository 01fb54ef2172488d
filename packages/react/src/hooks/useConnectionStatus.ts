import type { ConnectionInfo, Environment, Headway } from "@headway-run/client";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import {
  connectionSign,
  connectionText,
  type Downtime,
  downMs,
  isOutdated,
  NO_DOWNTIME,
  track,
} from "../words/connection.ts";
import type { Sign } from "../words/status.ts";
import { useHeadway } from "./provider.ts";
import { createShown, UNCONNECTED, type Watched } from "./shown.ts";

const LOOK_MS = 500;
const NOTHING = { connection: UNCONNECTED };

/** How a connection stands, with the words for it. */
export interface ConnectionStatus extends ConnectionInfo {
  /** One or two words, icon and tone. */
  readonly sign: Sign;
  /** What it means, in sentences. */
  readonly text: string;
  /** Whole seconds until the next try, or null. */
  readonly retryInS: number | null;
  /** Milliseconds it was down lately: outages add up until it has held for five seconds. */
  readonly downMs: number;
  /** As of when what is shown is true, in milliseconds since the epoch; null: as of now. */
  readonly downAt: number | null;
  /** What is shown is so old that the page has to say so: after ten seconds, and offline at once. */
  readonly outdated: boolean;
  /** Connect anew at once, also after a final error. */
  reconnect(): void;
}

/**
 * Watch how a connection stands, and nothing else of what comes over it: drawn when that changes, and twice a second while
 * it is down.
 *
 * @param target A run, as for `useRun`; or what `useRun` and `useRuns` give as `handle`; null: nothing yet.
 */
export function useConnectionStatus(
  target: string | Watched | null,
  { client }: { client?: Headway | undefined } = {},
): ConnectionStatus {
  const nearest = useHeadway();
  const headway = client ?? nearest;
  const watched = useMemo(() => (typeof target === "string" ? headway.run(target) : target), [headway, target]);
  const shown = useMemo(() => createShown<typeof NOTHING>(watched, NOTHING), [watched]);
  const read = () => shown.state().connection;
  const connection = useSyncExternalStore(shown.subscribe, read, read);
  const { downtime, now } = useDowntime(connection, headway.shared.environment);
  return useMemo(() => {
    const down = downMs(downtime, now);
    const { retryAt, state } = connection;
    const retryInS = retryAt === null ? null : Math.max(0, Math.ceil((retryAt - now) / 1000));
    return {
      ...connection,
      sign: connectionSign(connection, downtime.seen, down),
      text: connectionText(connection, retryInS),
      retryInS,
      downMs: down,
      downAt: downtime.downAt,
      outdated: isOutdated(state, down),
      reconnect: () => watched?.reconnect(),
    };
  }, [connection, downtime, now, watched]);
}

/** Keep an eye on the clock while the connection is down, or was so just now. */
function useDowntime({ state }: ConnectionInfo, environment: Environment): { downtime: Downtime; now: number } {
  const [seen, setSeen] = useState(() => ({ downtime: NO_DOWNTIME, now: environment.now() }));
  const known = useRef(NO_DOWNTIME);
  useEffect(() => {
    let timer: unknown;
    const look = () => {
      const now = environment.now();
      const downtime = track(known.current, state, now);
      const isDown = downtime.downAt !== null;
      // The time matters only during an outage: without one the page is not drawn again.
      if (isDown || downtime !== known.current) setSeen({ downtime, now });
      if (isDown || downtime.upAt !== null) timer = environment.setTimeout(look, LOOK_MS);
      known.current = downtime;
    };
    look();
    return () => environment.clearTimeout(timer);
  }, [state, environment]);
  return seen;
}
