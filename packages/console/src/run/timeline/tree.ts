/** Which rows of a tree are to be seen, and where a key leads to. */

import type { Row } from "./model.ts";

/**
 * @param closed Rows whose children are hidden.
 * @param problems Only rows in which something failed or was tried again, and those they are in.
 */
export function visibleRows(rows: readonly Row[], closed: ReadonlySet<string>, problems: boolean): Row[] {
  const wanted = problems ? withParents(rows) : null;
  const hidden = new Set<string>();
  return rows.filter(({ id, parent }) => {
    if (parent !== null && (hidden.has(parent) || closed.has(parent))) hidden.add(id);
    return !hidden.has(id) && (wanted === null || wanted.has(id));
  });
}

function withParents(rows: readonly Row[]): Set<string> {
  const wanted = new Set<string>();
  for (const row of rows.toReversed())
    if (hasProblem(row) || wanted.has(row.id)) {
      wanted.add(row.id);
      if (row.parent !== null) wanted.add(row.parent);
    }
  return wanted;
}

export function hasProblem({ segments, ticks }: Row): boolean {
  return segments.some(({ kind }) => kind === "failed") || ticks.some(({ kind }) => kind !== "step");
}

export interface Move {
  readonly id: string;
  /** Open or close the row instead of going elsewhere. */
  readonly toggle: boolean;
}

/** Keys of the WAI-ARIA tree grid; null: the key means nothing here. */
export function moveTo(
  rows: readonly Row[],
  closed: ReadonlySet<string>,
  current: string | undefined,
  key: string,
): Move | null {
  const place = rows.findIndex(({ id }) => id === current);
  const row = rows[place];
  if (!row) return null;
  const go = (to: Row | undefined): Move | null => (to ? { id: to.id, toggle: false } : null);
  const toggle: Move = { id: row.id, toggle: true };
  switch (key) {
    case "ArrowDown":
      return go(rows[place + 1]);
    case "ArrowUp":
      return go(rows[place - 1]);
    case "Home":
      return go(rows[0]);
    case "End":
      return go(rows.at(-1));
    case "ArrowRight":
      if (!row.hasChildren) return null;
      return closed.has(row.id) ? toggle : go(rows[place + 1]);
    case "ArrowLeft":
      if (row.hasChildren && !closed.has(row.id)) return toggle;
      return go(rows.find(({ id }) => id === row.parent));
    case "Enter":
    case " ":
      return row.hasChildren ? toggle : null;
    default:
      return null;
  }
}
