import type { RunHandle } from "@headway-run/client";
import type { ConnectionStatus } from "@headway-run/react";
import { type ConnectionRecord, DiagnosticsDialog } from "@headway-run/react/components";

interface DiagnosticsProps {
  open: boolean;
  onClose: () => void;
  status: ConnectionStatus;
  record: ConnectionRecord;
  handle: RunHandle;
}

/** More about the connection than the pill says, and what can be done about it. */
export function Diagnostics({ handle, ...dialog }: DiagnosticsProps) {
  const use = (transport: "auto" | "poll") => (transport === "poll" ? handle.startPolling() : handle.stopPolling());
  return <DiagnosticsDialog {...dialog} onTransport={use} />;
}
