/** Reads the cases of `conformance/` (see its README for the format). */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RunEvent, Snapshot } from "../../src/contract.gen.ts";
import type { Applied } from "../../src/fold.ts";

export interface Offer {
  event: RunEvent;
  cursor?: string;
  applied?: Applied;
}

interface Repeat {
  repeat: number;
  event: RunEvent;
  cursor?: string;
}

export interface FoldCase {
  name: string;
  from?: Snapshot | null;
  partial?: boolean;
  /** Entries in the order of the file; one with `repeat` stands for many offers. */
  events: Offer[][];
  snapshots?: Record<string, Snapshot>;
  /** Absent where `sizes` stands. */
  expect?: Snapshot;
  /** How many entries parts of the last snapshot have. */
  sizes?: Record<string, number>;
}

const ROOT = fileURLToPath(new URL("../../../../conformance/", import.meta.url));

export function readCases<Case>(name: string): Case {
  return JSON.parse(readFileSync(ROOT + name, "utf8"), expandText) as Case;
}

export function foldCases(name: string): FoldCase[] {
  return readCases<(Omit<FoldCase, "events"> & { events: (Offer | Repeat)[] })[]>(`fold/${name}.json`).map(foldCase);
}

export function foldCase(written: Omit<FoldCase, "events"> & { events: (Offer | Repeat)[] }): FoldCase {
  return { ...written, events: written.events.map((entry) => ("repeat" in entry ? repeated(entry) : [entry])) };
}

/** `{"$text": [["ab", 3], …]}` is the string of these pieces. */
function expandText(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$text" in value)) return value;
  return (value.$text as [string, number][]).map(([piece, times]) => piece.repeat(times)).join("");
}

function repeated({ repeat, event, cursor }: Repeat): Offer[] {
  return Array.from({ length: repeat }, (_, n) => {
    const seq = event.seq + n;
    const fill = (_name: string, value: unknown) =>
      typeof value === "string" ? value.replaceAll("{seq}", String(seq)).replaceAll("{n}", String(n)) : value;
    const offer: Offer = { event: { ...JSON.parse(JSON.stringify(event), fill), seq } };
    return cursor === undefined ? offer : { ...offer, cursor: fill("", cursor) as string };
  });
}
