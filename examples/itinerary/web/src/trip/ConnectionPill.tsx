import type { ConnectionInfo } from "@headway-run/client";
import { pillOf } from "../model/link.ts";
import { Badge } from "../parts/Badge.tsx";

interface ConnectionPillProps {
  connection: ConnectionInfo;
  /** Something of the run is on the page already. */
  shown: boolean;
  /** Milliseconds of downtime lately. */
  down: number;
}

export function ConnectionPill({ connection, shown, down }: ConnectionPillProps) {
  return <Badge {...pillOf(connection, shown, down)} about="Connection" />;
}
