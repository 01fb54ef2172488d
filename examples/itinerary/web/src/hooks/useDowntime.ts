import type { ConnectionState } from "@headway-run/client";
import { useEffect, useState } from "react";
import { downMs, NO_DOWNTIME, track } from "../model/link.ts";

const LOOK_MS = 500;

interface Seen {
  /** How long, in milliseconds, the page has been behind lately. */
  down: number;
  /** As of when it is true, in milliseconds since the epoch; null: as of now. */
  downAt: number | null;
}

/** Watch the connection's outages; see `model/link.ts`. */
export function useDowntime(state: ConnectionState): Seen {
  const [{ downtime, now }, setSeen] = useState({ downtime: NO_DOWNTIME, now: 0 });
  useEffect(() => {
    const look = () => {
      setSeen((seen) => {
        const downtime = track(seen.downtime, state, Date.now());
        // The time matters only during an outage: without one the page is not drawn again.
        return downtime === seen.downtime && downtime.downAt === null ? seen : { downtime, now: Date.now() };
      });
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [state]);
  return { down: downMs(downtime, now), downAt: downtime.downAt };
}
