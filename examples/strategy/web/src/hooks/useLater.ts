import { useCallback, useEffect, useMemo, useState } from "react";
import { type RequestError, readStatus } from "../api.ts";
import type { Mode } from "../clients.ts";
import { isOver, LATER_S, laterText, load, save, type Waiting } from "../model/later.ts";

export interface Later {
  waiting: readonly Waiting[];
  /** Tell about a strategy when it is ready. */
  add(id: string, title: string, mode: Mode): void;
  remove(id: string): void;
}

/** Keep an eye on strategies that are to be told about later, whichever page is shown. */
export function useLater(): Later {
  const [waiting, setWaiting] = useState(() => load(localStorage));
  useEffect(() => save(localStorage, waiting), [waiting]);

  const add = useCallback((id: string, title: string, mode: Mode) => {
    askToNotify();
    setWaiting((all) => [{ id, title, mode, message: null }, ...all.filter((one) => one.id !== id)]);
  }, []);
  const remove = useCallback((id: string) => setWaiting((all) => all.filter((one) => one.id !== id)), []);

  const change = useCallback(
    (id: string, news: Partial<Waiting>) =>
      setWaiting((all) => all.map((one) => (one.id === id ? { ...one, ...news } : one))),
    [],
  );

  const open = waiting.filter((one) => !isOver(one));
  const ids = open.map(({ id }) => id).join(" ");
  useEffect(() => {
    if (!ids) return;
    const look = () => {
      for (const id of ids.split(" ")) {
        // Without an answer nothing has changed: it is asked again in thirty seconds.
        readStatus(id).then(
          (message) => change(id, { message }),
          ({ status }: RequestError) => status === 404 && change(id, { gone: true }),
        );
      }
    };
    look();
    const timer = setInterval(look, LATER_S * 1000);
    return () => clearInterval(timer);
  }, [ids, change]);

  useTold(waiting);
  return useMemo(() => ({ waiting, add, remove }), [waiting, add, remove]);
}

/** Tell of each that has become ready, once, where the reader lets us. */
function useTold(waiting: readonly Waiting[]): void {
  const [told] = useState(() => new Set(waiting.filter(isOver).map(({ id }) => id)));
  useEffect(() => {
    for (const one of waiting) {
      if (!isOver(one) || told.has(one.id)) continue;
      told.add(one.id);
      if (globalThis.Notification?.permission === "granted") new Notification(one.title, { body: laterText(one) });
    }
  }, [waiting, told]);
}

function askToNotify(): void {
  if (globalThis.Notification?.permission === "default") void Notification.requestPermission();
}
