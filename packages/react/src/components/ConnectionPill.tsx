import type { ReactNode } from "react";
import type { ConnectionStatus } from "../hooks/useConnectionStatus.ts";
import { Badge } from "./Badge.tsx";
import { Icon } from "./Icon.tsx";

export interface ConnectionPillProps {
  /** Of `useConnectionStatus`. */
  status: Pick<ConnectionStatus, "sign" | "text">;
  /** Makes a button of it, which opens more about the connection. */
  onOpen?: (() => void) | undefined;
}

/** The connection in a word. Breaks of less than two seconds are not worth one. */
export function ConnectionPill({ status: { sign, text }, onOpen }: ConnectionPillProps): ReactNode {
  if (!onOpen) return <Badge {...sign} about="Connection" />;
  return (
    <button
      type="button"
      className="hw-badge hw-pill"
      data-tone={sign.tone}
      title={text}
      aria-haspopup="dialog"
      onClick={onOpen}
    >
      <Icon name={sign.icon} />
      <span className="hw-hidden">Connection: </span>
      {sign.word}
    </button>
  );
}
