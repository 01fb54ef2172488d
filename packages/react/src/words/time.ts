/** Times and amounts in words. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0:42`, `12:05`, `1:02:07`. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours, ...rest] = parts.map((part) => `${part}`.padStart(2, "0"));
  return [...(parts[0] ? [hours] : []), ...rest].join(":").replace(/^0(?=\d)/, "");
}

/** Time of day with seconds, as the reader's clock shows it: `12:03:11`. */
export function timeOfDay(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
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

/** `1 day`, `3 days`. */
export function count(amount: number, one: string, many: string = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** Make a sentence of what an error says: `the provider is down` becomes `The provider is down.` Addresses stay as they are. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const begun = /^\w+:\/\//.test(trimmed) ? trimmed : trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return begun + (/[.!?…]$/.test(trimmed) ? "" : ".");
}
