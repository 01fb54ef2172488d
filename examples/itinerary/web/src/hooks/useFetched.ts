import { useCallback, useEffect, useRef, useState } from "react";

export interface Fetched<Data> {
  /** The last answer; it stays while a newer one is asked for, and when that fails. */
  data: Data | null;
  trouble: string | null;
  reload(): void;
  replace(data: Data): void;
}

/**
 * Ask for something when a view opens, when the reader comes back to it, and every so often while it is seen.
 *
 * @param load Has to be the same function every time.
 */
export function useFetched<Data>(load: () => Promise<Data>, everyMs: number | null = null): Fetched<Data> {
  const [data, setData] = useState<Data | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const newest = useRef(0);

  const replace = useCallback((answer: Data) => {
    newest.current++;
    setData(answer);
    setTrouble(null);
  }, []);

  const reload = useCallback(() => {
    const asked = ++newest.current;
    load().then(
      (answer) => asked === newest.current && replace(answer),
      (error: Error) => asked === newest.current && setTrouble(error.message),
    );
  }, [load, replace]);

  useEffect(() => {
    const look = () => document.visibilityState === "visible" && reload();
    look();
    addEventListener("focus", look);
    const timer = everyMs === null ? undefined : setInterval(look, everyMs);
    return () => {
      newest.current++;
      removeEventListener("focus", look);
      clearInterval(timer);
    };
  }, [reload, everyMs]);

  return { data, trouble, reload, replace };
}
