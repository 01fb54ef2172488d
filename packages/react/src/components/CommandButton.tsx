import type { ReactNode } from "react";
import { type Action, useCommand } from "../hooks/useCommand.ts";
import { Problem } from "./Problem.tsx";

export interface CommandButtonProps {
  children: string;
  /** For those who do not see where the button stands. */
  about?: string | undefined;
  /** Sends the command; what it throws is shown. */
  send: Action;
  primary?: boolean | undefined;
}

/** A button that sends a command once at a time, and says why when it was not done. */
export function CommandButton({ children, about, send, primary = false }: CommandButtonProps): ReactNode {
  const command = useCommand();
  return (
    <>
      <button
        type="button"
        className="hw-button"
        data-kind={primary ? "primary" : undefined}
        aria-label={about && `${children}: ${about}`}
        disabled={command.pending}
        onClick={() => command.send(send)}
      >
        {children}
      </button>
      {command.trouble && <Problem urgent>{command.trouble}</Problem>}
    </>
  );
}
