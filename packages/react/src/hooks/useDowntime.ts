import type { ConnectionInfo, Environment } from "@headway-run/client";
import { useEffect, useRef, useState } from "react";
import { type Downtime, NO_DOWNTIME, track } from "../words/connection.ts";
import type { Watched } from "./shown.ts";

const LOOK_MS = 500;

/** Keep an eye on the clock while the connection is down, or was so just now. */
export function useDowntime(
  watched: Watched | null,
  { state }: ConnectionInfo,
  environment: Environment,
): { downtime: Downtime; now: number } {
  const [seen, setSeen] = useState(() => ({ downtime: beginning(watched), now: environment.now() }));
  const known = useRef({ watched, downtime: seen.downtime });
  useEffect(() => {
    let timer: unknown;
    const look = () => {
      if (known.current.watched !== watched) known.current = { watched, downtime: beginning(watched) };
      const now = environment.now();
      const downtime = track(known.current.downtime, state, now);
      known.current = { watched, downtime };
      // The time matters only during an outage: without one the page is not drawn again.
      setSeen((before) => (downtime === before.downtime && downtime.downAt === null ? before : { downtime, now }));
      if (downtime.downAt !== null || downtime.upAt !== null) timer = environment.setTimeout(look, LOOK_MS);
    };
    look();
    return () => environment.clearTimeout(timer);
  }, [watched, state, environment]);
  return seen;
}

/** Where something is shown already, as of a run that was just created, being connected late is being behind. */
function beginning(watched: Watched | null): Downtime {
  const { run, runs } = watched?.getSnapshot() ?? {};
  return { ...NO_DOWNTIME, seen: Boolean(run ?? runs) };
}
