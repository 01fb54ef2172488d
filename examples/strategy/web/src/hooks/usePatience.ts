import { useEffect, useState } from "react";

/** Minutes of watching after which one is asked whether to go on. */
export const PATIENCE_MIN = 5;

export interface Patience {
  /** It has taken long. */
  long: boolean;
  /** Watch as long again before it is asked the next time. */
  keepWaiting(): void;
}

/** Say when somebody has watched for five minutes. It is the watcher's patience only: what is watched knows nothing of it. */
export function usePatience(watching: boolean): Patience {
  const [long, setLong] = useState(false);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round begins the time anew
  useEffect(() => {
    setLong(false);
    if (!watching) return;
    const timer = setTimeout(() => setLong(true), PATIENCE_MIN * 60_000);
    return () => clearTimeout(timer);
  }, [watching, round]);
  return { long: watching && long, keepWaiting: () => setRound((one) => one + 1) };
}
