import { useSSE } from "@headway-run/react";
import type { ReactNode } from "react";

/** A route of your own that answers with `hw.stream`. */
export function Follow({ id }: { id: string }): ReactNode {
  const { data, event, error, isConnected, reconnect } = useSSE(`/api/reports/${id}/events`, {
    types: ["run", "phase", "item"],
    retry: [1_000, 2_000, 4_000, 8_000, 30_000],
    timeout: 45_000,
    onEvent: ({ type, seq }) => performance.mark(`${type} ${seq}`),
  });
  if (error) return <button onClick={reconnect}>{error.message} Try again</button>;
  return (
    <p aria-busy={!isConnected}>
      {data?.progress.message} ({event?.type})
    </p>
  );
}
