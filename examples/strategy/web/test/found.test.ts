import type { Item, Snapshot } from "@headway-run/client";
import { expect, test } from "vitest";
import { figure, foundIn, itemsOfKind, lessonsOf, type Piece, percent, weeksOf } from "../src/model/found.ts";
import { doingText, endText } from "../src/model/words.ts";

const EMPTY = { custom: {}, items: {}, notes: [], phases: [], status: "running" } as unknown as Snapshot;
const item = (kind: string, title: string, status: Item["status"]): Item => ({
  kind,
  title,
  parent: null,
  phase: null,
  status,
  progress: null,
  data: null,
  error: null,
  attempt: 1,
  seq: 1,
});

test("what is not found out yet is null", () => {
  expect(foundIn(EMPTY)).toEqual({ keywords: null, topics: null, gaps: null, calendar: null });
  const custom = { found: { topics: { topics: [], coherence: 0.3 }, gaps: [] } };
  expect(foundIn({ ...EMPTY, custom })).toEqual({ keywords: null, topics: [], gaps: [], calendar: null });
});

test("items of a kind, with their keys", () => {
  const items = { a: item("source", "A", "finished"), b: item("section", "B", "planned") };
  expect(itemsOfKind({ ...EMPTY, items }, "section")).toEqual([{ ...items.b, key: "b" }]);
});

test("lessons come with the newest first, and without other notes", () => {
  const note = (seq: number, kind: string) => ({
    seq,
    kind,
    time: "2026-12-01T08:00:00Z",
    title: null,
    body: `${seq}`,
  });
  const notes = [note(1, "educational"), note(2, "info"), note(3, "educational")];
  expect(lessonsOf({ ...EMPTY, notes }).map(({ seq }) => seq)).toEqual([3, 1]);
});

test("pieces by week, in order", () => {
  const pieces = [1, 1, 2].map((week, at) => ({ week, date: `${at}` }) as Piece);
  expect(weeksOf(pieces).map(([week, some]) => [week, some.length])).toEqual([
    [1, 2],
    [2, 1],
  ]);
});

test("figures in words", () => {
  expect(percent(0.286)).toBe("29 %");
  const gap = { name: "bread", ours: 0, theirs: 0.5, where: [] };
  expect(figure({ ...gap, kind: "topic" }, 0.5)).toBe("50 %");
  expect(figure({ ...gap, kind: "term" }, 12.5)).toBe("12.5");
});

test("how it stands is said in sentences, with what is missing", () => {
  const items = { a: item("section", "Gaps", "failed"), b: item("section", "Weeks", "finished") };
  expect(endText({ ...EMPTY, items, status: "partial" })).toBe("The strategy is ready; missing in it: Gaps.");
  expect(endText({ ...EMPTY, status: "cancelled" })).toContain("cancelled");
  expect(endText({ ...EMPTY, status: "failed" })).toContain("not made");
  expect(doingText({ ...EMPTY, status: "succeeded" }, null)).toBe("The strategy is ready.");
  expect(doingText({ ...EMPTY, status: "queued" }, null)).toBe("Waiting for a worker");
});
