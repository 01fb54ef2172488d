import { useCallback, useRef, useState } from "react";

/** Sends a command, as `() => handle?.retry()` does; undefined: there was nothing to send it to. */
export type Action = () => Promise<unknown> | undefined;

export interface Command {
  /** An answer is being waited for. */
  pending: boolean;
  /** Why the last one was not done, or null. */
  trouble: string | null;
  /** Send one, unless one is under way. What goes wrong is told as `trouble`. */
  send(action: Action): Promise<void>;
}

/** Send commands one at a time, and say what came of the last one. */
export function useCommand(): Command {
  const [pending, setPending] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const sending = useRef(false); // known before the next render
  const send = useCallback(async (action: Action) => {
    if (sending.current) return;
    sending.current = true;
    setPending(true);
    setTrouble(null);
    try {
      await action();
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : `${error}`);
    } finally {
      sending.current = false;
      setPending(false);
    }
  }, []);
  return { pending, trouble, send };
}
