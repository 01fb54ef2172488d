import type { Snapshot } from "@headway-run/client";
import { useEffect, useRef, useState } from "react";
import { createSpeaker, type Heard, newsBetween, type Speaker } from "../model/announce.ts";

/** Return what the page's status region says: the news since the page was opened, at a pace one can listen to. */
export function useNews(run: Snapshot | null, outdated: boolean): string {
  const [text, setText] = useState("");
  const speaker = useRef<Speaker>(null);
  const before = useRef<Heard>(null);
  useEffect(() => {
    const current = createSpeaker(setText);
    speaker.current = current;
    return () => current.stop();
  }, []);
  useEffect(() => {
    if (!run) return;
    const after = { run, outdated };
    if (before.current) speaker.current?.tell(newsBetween(before.current, after));
    before.current = after;
  }, [run, outdated]);
  return text;
}
