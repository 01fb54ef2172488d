import { useCallback, useEffect, useRef, useState } from "react";

/** Sends a command, as `() => handle?.retry()` does; undefined: there was nothing to send it to. */
export type Action<Answer = unknown> = () => Promise<Answer> | undefined;

export interface Command {
  /** An answer is being waited for. */
  pending: boolean;
  /** Why the last one was not done, or null. */
  trouble: string | null;
  /**
   * Send one, unless one is under way. What goes wrong is told as `trouble`.
   *
   * @param then Gets the answer, as to lead to what was made; not once the component is gone: nobody is fetched back who went
   * elsewhere meanwhile.
   */
  send<Answer>(action: Action<Answer>, then?: (answer: Answer) => void): Promise<void>;
}

/** Send commands one at a time, and say what came of the last one. */
export function useCommand(): Command {
  const [pending, setPending] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const sending = useRef(false); // known before the next render
  const isThere = useRef(false);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);
  const send = useCallback(async <Answer>(action: Action<Answer>, then?: (answer: Answer) => void) => {
    if (sending.current) return;
    sending.current = true;
    setPending(true);
    setTrouble(null);
    try {
      const sent = action();
      if (sent === undefined) return;
      const answer = await sent;
      if (isThere.current) then?.(answer);
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : `${error}`);
    } finally {
      sending.current = false;
      setPending(false);
    }
  }, []);
  return { pending, trouble, send };
}
