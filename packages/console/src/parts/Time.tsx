import { ago, duration, fullTime } from "../model/words.ts";
import { useNow } from "./useNow.ts";

/** When something was, as one says it, with the exact time for whoever asks. */
export function Ago({ time }: { time: string }) {
  const now = useNow(30_000);
  return (
    <time dateTime={time} title={fullTime(time)}>
      {ago(now - Date.parse(time))}
    </time>
  );
}

/** How long something took, or has been going on: it ticks by itself. */
export function Elapsed({ since, until }: { since: string; until: string | null }) {
  const now = useNow(until === null ? 1_000 : null);
  const end = until === null ? Math.max(now, Date.parse(since)) : Date.parse(until);
  const ms = end - Date.parse(since);
  return (
    <span title={`since ${fullTime(since)}`}>{duration(until === null ? Math.floor(ms / 1_000) * 1_000 : ms)}</span>
  );
}
