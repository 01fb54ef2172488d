import { type ConnectionStatus, useConnectionStatus, type Watched } from "@headway-run/react";
import { serverTime } from "../clock.ts";

/** How a connection stands, its time by the server's clock as all that are shown. */
export function useConnection(handle: Watched | null): ConnectionStatus {
  const status = useConnectionStatus(handle);
  return { ...status, downAt: status.downAt === null ? null : serverTime(status.downAt) };
}
