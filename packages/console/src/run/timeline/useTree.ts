import { type KeyboardEvent, type RefObject, useMemo, useRef, useState } from "react";
import type { Row } from "./model.ts";
import { moveTo, visibleRows } from "./tree.ts";

/** So many rows are drawn at first; more on demand. */
const ROWS = 150;

export interface Tree {
  readonly ref: RefObject<HTMLTableElement | null>;
  readonly shown: readonly Row[];
  /** Rows that are not drawn yet. */
  readonly left: number;
  /** The row that Tab leads to. */
  readonly current: string | undefined;
  isClosed(id: string): boolean;
  toggle(id: string): void;
  setCurrent(id: string): void;
  showMore(): void;
  onKeyDown(event: KeyboardEvent): void;
}

/** Which rows are open and shown, and where the keyboard is among them. */
export function useTree(rows: readonly Row[], problems: boolean): Tree {
  const ref = useRef<HTMLTableElement>(null);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [most, setMost] = useState(ROWS);
  const [wanted, setCurrent] = useState<string>();
  const visible = useMemo(() => visibleRows(rows, closed, problems), [rows, closed, problems]);
  const shown = visible.slice(0, most);
  const current = shown.some(({ id }) => id === wanted) ? wanted : shown[0]?.id;

  const toggle = (id: string) =>
    setClosed((before) =>
      before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id]),
    );

  const onKeyDown = (event: KeyboardEvent) => {
    const move = moveTo(shown, closed, current, event.key);
    if (!move) return;
    event.preventDefault();
    if (move.toggle) toggle(move.id);
    setCurrent(move.id);
    ref.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(move.id)}"]`)?.focus();
  };

  return {
    ref,
    shown,
    left: visible.length - shown.length,
    current,
    isClosed: (id) => closed.has(id),
    toggle,
    setCurrent,
    showMore: () => setMost(most + ROWS),
    onKeyDown,
  };
}
