import type { ConnectionInfo, Headway } from "@headway-run/client";
import { useMemo, useSyncExternalStore } from "react";
import { connectionSign, connectionText, downMs, isOutdated } from "../words/connection.ts";
import type { Sign } from "../words/status.ts";
import { useHeadway } from "./provider.ts";
import { createShown, type Showing, UNCONNECTED, type Watched } from "./shown.ts";
import { useDowntime } from "./useDowntime.ts";

const NOTHING: Showing = { connection: UNCONNECTED };

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
 * @param target A run, as for `useRun`; or what `useRun` and `useRuns` give as `handle`; null or undefined: nothing yet.
 */
export function useConnectionStatus(
  target: string | Watched | null | undefined,
  { client }: { client?: Headway | undefined } = {},
): ConnectionStatus {
  const nearest = useHeadway();
  const headway = client ?? nearest;
  const watched = useMemo(
    () => (typeof target === "string" ? headway.run(target) : (target ?? null)),
    [headway, target],
  );
  const shown = useMemo(() => createShown(watched, NOTHING), [watched]);
  const read = () => shown.state().connection;
  const connection = useSyncExternalStore(shown.subscribe, read, read);
  const { downtime, now } = useDowntime(watched, connection, headway.shared.environment);
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
