/** What is found out, as it stands in the run: `custom.found` while it is made, the result in the end. */

import type { Item, Snapshot } from "@headway-run/client";

export interface Keyword {
  term: string;
  count: number;
  documents: number;
  ours: number;
  theirs: number | null;
}

export interface Topic {
  id: string;
  name: string;
  terms: string[];
  ours: number;
  theirs: number | null;
  documents: string[];
}

export interface Gap {
  kind: "topic" | "term";
  name: string;
  ours: number;
  theirs: number;
  where: string[];
}

export interface Piece {
  week: number;
  date: string;
  title: string;
  keyword: string;
  topic: string;
  format: string;
  why: string;
}

/** Null: not found out yet. */
export interface Found {
  keywords: Keyword[] | null;
  topics: Topic[] | null;
  gaps: Gap[] | null;
  calendar: Piece[] | null;
}

export function foundIn({ custom }: Snapshot): Found {
  const found = (custom["found"] ?? {}) as Record<string, unknown>;
  return {
    keywords: (found["keywords"] as Keyword[] | undefined) ?? null,
    topics: (found["topics"] as { topics: Topic[] } | undefined)?.topics ?? null,
    gaps: (found["gaps"] as Gap[] | undefined) ?? null,
    calendar: (found["calendar"] as Piece[] | undefined) ?? null,
  };
}

export interface KeyedItem extends Item {
  key: string;
}

/** The items of a kind, in their order. */
export function itemsOfKind({ items }: Snapshot, kind: string): KeyedItem[] {
  return Object.entries(items)
    .filter(([, item]) => item.kind === kind)
    .map(([key, item]) => ({ ...item, key }));
}

/** The notes to learn from, newest first. */
export function lessonsOf({ notes }: Snapshot): Snapshot["notes"] {
  return notes.filter(({ kind }) => kind === "educational").toReversed();
}

/** Pieces by week. */
export function weeksOf(pieces: readonly Piece[]): [week: number, pieces: Piece[]][] {
  const weeks = new Map<number, Piece[]>();
  for (const piece of pieces) weeks.set(piece.week, [...(weeks.get(piece.week) ?? []), piece]);
  return [...weeks];
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** How much of a gap a side has, in words. */
export const figure = ({ kind }: Gap, value: number): string => (kind === "topic" ? percent(value) : `${value}`);
