/** What the builder holds, and the order it becomes. */

import type { Mode } from "../clients.ts";

export type SourceKind = "none" | "sample" | "site" | "paste" | "upload";

/** A text the server keeps. */
export interface DocumentRef {
  id: string;
  name: string;
  words: number;
}

export interface SideDraft {
  kind: SourceKind;
  site: string;
  text: string;
  documents: readonly DocumentRef[];
}

export interface Draft {
  own: SideDraft;
  competitors: SideDraft;
  title: string;
  /** Monday of the first week, as `2026-12-07`. */
  start: string;
  perWeek: 1 | 2 | 3;
  mode: Mode;
}

export interface SideOrder {
  sites?: string[];
  texts?: { name: string; text: string }[];
  documents?: DocumentRef[];
  sample?: boolean;
}

export interface Order {
  own: SideOrder;
  competitors: SideOrder;
  title: string | null;
  start: string;
  per_week: number;
}

export function firstDraft(today: Date): Draft {
  const side: SideDraft = { kind: "sample", site: "", text: "", documents: [] };
  return { own: side, competitors: side, title: "", start: nextMonday(today), perWeek: 2, mode: "stream" };
}

/** The first Monday after a day. */
export function nextMonday(day: Date): string {
  const monday = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 7 - ((day.getDay() + 6) % 7));
  const two = (part: number) => `${part}`.padStart(2, "0");
  return `${monday.getFullYear()}-${two(monday.getMonth() + 1)}-${two(monday.getDate())}`;
}

/** Why a draft cannot be sent, in words for people; null: it can. */
export function problemOf({ own, competitors, start }: Draft): string | null {
  const lack = lackOf(own, "your own text") ?? lackOf(competitors, "the competitors' text");
  if (lack) return lack;
  const day = new Date(`${start}T00:00:00Z`).getUTCDay();
  if (Number.isNaN(day)) return "Say when the first week begins";
  return day === 1 ? null : "The first week begins on a Monday";
}

function lackOf({ kind, site, text, documents }: SideDraft, what: string): string | null {
  if (kind === "site" && !/^https?:\/\/[^\s/]+/.test(site.trim())) {
    return `Write the address of ${what}, as https://example.com/`;
  }
  if (kind === "paste" && text.trim().split(/\s+/).length < WORDS_MIN)
    return `Paste ${WORDS_MIN} words or more of ${what}`;
  return kind === "upload" && documents.length === 0 ? `Choose a file with ${what}` : null;
}

const WORDS_MIN = 30;

export function orderOf({ own, competitors, title, start, perWeek }: Draft): Order {
  const sides = { own: sideOf(own), competitors: sideOf(competitors) };
  return { ...sides, title: title.trim() || null, start, per_week: perWeek };
}

function sideOf({ kind, site, text, documents }: SideDraft): SideOrder {
  switch (kind) {
    case "sample":
      return { sample: true };
    case "site":
      return { sites: [site.trim()] };
    case "paste":
      return { texts: [{ name: "Pasted text", text }] };
    case "upload":
      return { documents: [...documents] };
    default:
      return {};
  }
}
