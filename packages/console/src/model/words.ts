/** Lengths and times, beside those of `@headway-run/react/words`. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `40 ms`, `4.2 s`, `42 s`, `12 min 5 s`, `1 h 2 min`, `3 d 4 h`: two parts at most. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.round(Math.max(0, ms))} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return parts(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return parts(ms, HOUR, "h", MINUTE, "min");
  return parts(ms, DAY, "d", HOUR, "h");
}

function parts(ms: number, big: number, bigWord: string, small: number, smallWord: string): string {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigWord}${rest ? ` ${rest} ${smallWord}` : ""}`;
}

/** `0 s`, `5 s`, `1 min 5 s`: for what ticks, without parts of a second. */
export function ticking(ms: number): string {
  return ms < 10 * SECOND ? `${Math.floor(Math.max(0, ms) / SECOND)} s` : duration(ms);
}

/** Date and time: `27 Nov 2026, 12:03:11`. */
export function fullTime(time: string | number): string {
  return new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

/** `1 line`, `1,204 lines`: for amounts that may be large. */
export function many(amount: number, one: string, several: string = `${one}s`): string {
  return `${amount.toLocaleString("en")} ${amount === 1 ? one : several}`;
}
