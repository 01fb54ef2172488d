/** Times on the wire: RFC 3339 in UTC with milliseconds, always 24 characters, so that they sort as text. */

/** The first millisecond of the year 1 and the last of the year 9999: what is outside has another form. */
const MS_MIN = -62_135_596_800_000;
export const MS_MAX = 253_402_300_799_999;

/** Write milliseconds since the epoch as `2026-11-21T09:36:00.000Z`. */
export function formatMs(ms: number): string {
  return new Date(ms).toISOString();
}

/** Read a time of the wire; NaN when it is not one in exactly this form. */
export function parseMs(text: string | null): number {
  const ms = Date.parse(text ?? "");
  // `Date.parse` takes other forms and days that do not exist, too; only an exact time comes out as it went in.
  return ms >= MS_MIN && ms <= MS_MAX && formatMs(ms) === text ? ms : Number.NaN;
}
