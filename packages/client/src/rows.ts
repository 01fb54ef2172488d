/** Rows of a list of runs: what changes in it, what stays where it is. Pure. */

import type { RunSummary } from "./wire.ts";

type Rows = readonly RunSummary[];

/** Return rows with some changed, some new and some removed; newest first. */
export function changedIn(rows: Rows, changed: Rows, removed: readonly string[]): Rows {
  const all = new Map(rows.map((row) => [row.id, row]));
  for (const row of changed) all.set(row.id, row);
  for (const id of removed) all.delete(id);
  return [...all.values()].sort(
    (one, other) => other.created_at.localeCompare(one.created_at) || other.id.localeCompare(one.id),
  );
}

/**
 * Return what is shown with what is known of it, in the order it has. A run that is not among the newest any more stays
 * as it was when it only moved down, and leaves when it does not belong to the list any more.
 *
 * @param limit How many there are known at most.
 */
export function inPlace(shown: Rows, known: Rows, limit: number): Rows {
  const all = new Map(known.map((row) => [row.id, row]));
  const oldest = known.length < limit ? "" : (known.at(-1)?.created_at ?? "");
  return shown.flatMap((row) => all.get(row.id) ?? (row.created_at <= oldest ? row : []));
}

/**
 * Count the runs that are known and not shown, without those that come after what is shown.
 *
 * @param whole There is nothing after what is shown.
 */
export function newOnes(shown: Rows, whole: boolean, known: Rows): number {
  const ids = new Set(shown.map(({ id }) => id));
  const last = whole ? -1 : known.findLastIndex(({ id }) => ids.has(id));
  return known.slice(0, last < 0 ? known.length : last).filter(({ id }) => !ids.has(id)).length;
}

/** Return rows, as far as they are what they were as the same objects. */
export function keepRows(before: Rows | null, after: Rows): Rows {
  const kept = new Map(before?.map((row) => [row.id, row]));
  const rows = after.map((row) => {
    const old = kept.get(row.id);
    return old && JSON.stringify(old) === JSON.stringify(row) ? old : row;
  });
  return before?.length === rows.length && rows.every((row, index) => row === before[index]) ? before : rows;
}
