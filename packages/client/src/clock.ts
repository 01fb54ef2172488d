/** Times on the wire: RFC 3339 in UTC with milliseconds, always 24 characters, so that they sort as text. */

/** Write milliseconds since the epoch as `2026-11-21T09:36:00.000Z`. */
export function formatMs(ms: number): string {
  return new Date(ms).toISOString();
}

/** Read a time of the wire; null when it is not one in exactly this form. */
export function parseMs(text: unknown): number | null {
  if (typeof text !== "string" || text < "0001") return null;
  const ms = Date.parse(text);
  // `Date.parse` takes other forms and days that do not exist, too; only an exact time comes out as it went in.
  return Number.isFinite(ms) && formatMs(ms) === text ? ms : null;
}
