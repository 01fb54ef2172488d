import { useCallback, useState } from "react";

export interface Command {
  /** An answer is being waited for. */
  pending: boolean;
  /** Why the last one was not done, or null. */
  trouble: string | null;
  send(action: () => Promise<unknown>): Promise<void>;
}

/** Send commands one at a time, and say what came of the last one. */
export function useCommand(): Command {
  const [pending, setPending] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const send = useCallback(async (action: () => Promise<unknown>) => {
    setPending(true);
    setTrouble(null);
    try {
      await action();
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : `${error}`);
    } finally {
      setPending(false);
    }
  }, []);
  return { pending, trouble, send };
}
