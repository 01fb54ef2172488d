/** What operators say to whoever watches a run, as it stands before them. Pure. */

import type { Notice } from "@headway-run/client";

/** One that is shown. */
export interface Said {
  /** Its own on this page: two may say the same. */
  readonly key: number;
  readonly notice: Notice;
}

export interface Board {
  readonly shown: readonly Said[];
  /** Ids of those that were shown once: one that stands comes again with every stream. */
  readonly told: ReadonlySet<string>;
  readonly next: number;
}

export type Change =
  /** The stream told of one: that it stands, is said once, or is over. */
  | { type: "told"; notice: Notice }
  /** These stand, and no others. */
  | { type: "found"; notices: readonly Notice[] }
  /** Somebody has read it. */
  | { type: "read"; key: number }
  /** It is now so late, by the server's clock. */
  | { type: "late"; now: number };

export const NOTHING_SAID: Board = { shown: [], told: new Set(), next: 1 };

export function changed(board: Board, change: Change): Board {
  switch (change.type) {
    case "told":
      return told(board, change.notice);
    case "found": {
      const ids = new Set(change.notices.map(({ id }) => id));
      const kept = without(board, ({ notice: { id } }) => id !== undefined && !ids.has(id));
      return change.notices.reduce(told, kept);
    }
    case "read":
      return without(board, ({ key }) => key === change.key);
    case "late":
      return without(board, ({ notice }) => hasPassed(notice, change.now));
  }
}

function told(board: Board, notice: Notice): Board {
  const { id, over, text } = notice;
  if (over) return without(board, (one) => one.notice.id === id);
  if (!text || (id !== undefined && board.told.has(id))) return board;
  return {
    shown: [...board.shown, { key: board.next, notice }],
    told: id === undefined ? board.told : new Set([...board.told, id]),
    next: board.next + 1,
  };
}

/** The same board where there is nothing to be taken away. */
function without(board: Board, goes: (said: Said) => boolean): Board {
  return board.shown.some(goes) ? { ...board, shown: board.shown.filter((said) => !goes(said)) } : board;
}

function hasPassed({ until }: Notice, now: number): boolean {
  return typeof until === "string" && Date.parse(until) <= now;
}
