/** Times, lengths and amounts in words. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.4 s`, `42 s`, `12 min 5 s`, `1 h 2 min`, `3 d 4 h`: two parts at most. */
export function duration(ms: number): string {
  if (ms < 10 * SECOND) return `${(Math.max(0, ms) / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return parts(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return parts(ms, HOUR, "h", MINUTE, "min");
  return parts(ms, DAY, "d", HOUR, "h");
}

function parts(ms: number, big: number, bigWord: string, small: number, smallWord: string): string {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigWord}${rest ? ` ${rest} ${smallWord}` : ""}`;
}

/** `0:42`, `12:05`, `1:02:07`: for what ticks. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  const [hours, ...rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    `${part}`.padStart(2, "0"),
  );
  return (hours === "00" ? rest : [hours, ...rest]).join(":").replace(/^0(?=\d)/, "");
}

/** How long something takes, rounded as people round: `less than a minute`, `about 2 min`. */
export function roughly(ms: number): string {
  if (ms < 15 * SECOND) return "a few seconds";
  if (ms < 50 * SECOND) return "less than a minute";
  if (ms < 90 * SECOND) return "about a minute";
  if (ms < HOUR) return `about ${Math.round(ms / MINUTE)} min`;
  return `about ${Math.round(ms / HOUR)} h`;
}

/** How long ago something was: `just now`, `5 min ago`, `yesterday`. */
export function ago(ms: number): string {
  if (ms < MINUTE) return "just now";
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  const days = Math.floor(ms / DAY);
  return days === 1 ? "yesterday" : `${days} days ago`;
}

/** Time of day with seconds, as the reader's clock shows it: `12:03:11`. */
export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}

/** Date and time: `27 Nov 2026, 12:03:11`. */
export function fullTime(time: string | number): string {
  return new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

/** `1 item`, `3 items`, `1,204 items`. */
export function count(amount: number, one: string, many: string = `${one}s`): string {
  return `${amount.toLocaleString("en")} ${amount === 1 ? one : many}`;
}

/** Make a sentence of what an error says: `the store is down` becomes `The store is down.` */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?…:]$/.test(trimmed) ? "" : ".");
}
