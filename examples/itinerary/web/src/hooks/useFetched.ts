import { useCallback, useEffect, useRef, useState } from "react";

/** Time between two tries while what was asked for last could not be had. */
const AGAIN_MS = 5_000;

export interface Fetched<Data> {
  /** The last answer; it stays while a newer one is asked for, and when that fails. */
  data: Data | null;
  trouble: string | null;
  reload(): void;
  replace(data: Data): void;
}

/**
 * Ask for something when a view opens, when the reader comes back to it, and while it is seen: every so often, and every few
 * seconds as long as it cannot be had.
 *
 * @param load Has to be the same function every time.
 */
export function useFetched<Data>(load: () => Promise<Data>, everyMs: number | null = null): Fetched<Data> {
  const [data, setData] = useState<Data | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  /** Numbers of questions: the last that was asked, and the last whose answer is shown. */
  const numbers = useRef({ asked: 0, shown: 0 });

  const show = useCallback((answer: Data) => {
    setData(answer);
    setTrouble(null);
  }, []);

  const replace = useCallback(
    (answer: Data) => {
      numbers.current.shown = numbers.current.asked; // what is under way was asked before
      show(answer);
    },
    [show],
  );

  const reload = useCallback(() => {
    const mine = ++numbers.current.asked;
    // An answer may come after that to a later question; one that takes longer than until the next question counts, too.
    const unlessLate = <Value>(take: (value: Value) => void) => {
      return (value: Value) => {
        if (mine <= numbers.current.shown) return;
        numbers.current.shown = mine;
        take(value);
      };
    };
    load().then(
      unlessLate(show),
      unlessLate((error: Error) => setTrouble(error.message)),
    );
  }, [load, show]);

  useEffect(() => {
    const look = () => document.visibilityState === "visible" && reload();
    look();
    addEventListener("focus", look);
    return () => {
      numbers.current.shown = numbers.current.asked;
      removeEventListener("focus", look);
    };
  }, [reload]);

  const pauseMs = trouble === null ? everyMs : Math.min(everyMs ?? AGAIN_MS, AGAIN_MS);
  useEffect(() => {
    if (pauseMs === null) return;
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), pauseMs);
    return () => clearInterval(timer);
  }, [reload, pauseMs]);

  return { data, trouble, reload, replace };
}
