import { ago } from "@headway-run/react/words";
import { useServerNow } from "../clock.ts";
import { duration, fullTime, ticking } from "../model/words.ts";

/** When something was, as one says it, with the exact time for whoever asks. */
export function Ago({ time }: { time: string }) {
  const now = useServerNow(30_000);
  return (
    <time dateTime={time} title={fullTime(time)}>
      {ago(now - Date.parse(time))}
    </time>
  );
}

/** How long something took, or has been going on: it ticks by itself. */
export function Elapsed({ since, until }: { since: string; until: string | null }) {
  const now = useServerNow(until === null ? 1_000 : null);
  const ms = (until === null ? now : Date.parse(until)) - Date.parse(since);
  return <span title={`since ${fullTime(since)}`}>{until === null ? ticking(ms) : duration(ms)}</span>;
}
