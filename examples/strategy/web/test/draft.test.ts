import { describe, expect, test } from "vitest";
import { type Draft, firstDraft, nextMonday, orderOf, problemOf, type SideDraft } from "../src/model/draft.ts";

const FRIDAY = new Date(2026, 10, 27);
const draft = (own: Partial<SideDraft> = {}, more: Partial<Draft> = {}): Draft => {
  const first = firstDraft(FRIDAY);
  return { ...first, own: { ...first.own, ...own }, ...more };
};
const WORDS = "bread ".repeat(30);

test("a first draft can be sent as it is: the sample, from next Monday on", () => {
  expect(problemOf(firstDraft(FRIDAY))).toBeNull();
  expect(orderOf(firstDraft(FRIDAY))).toEqual({
    own: { sample: true },
    competitors: { sample: true },
    title: null,
    start: "2026-11-30",
    per_week: 2,
  });
});

test.each([
  [new Date(2026, 10, 29), "2026-11-30"],
  [new Date(2026, 10, 30), "2026-12-07"],
  [new Date(2026, 11, 31), "2027-01-04"],
])("the Monday after %s", (day, monday) => {
  expect(nextMonday(day)).toBe(monday);
});

describe("a draft that cannot be sent says what it lacks", () => {
  test.each<[string, Draft]>([
    ["Write the address of your own text", draft({ kind: "site", site: "example.com" })],
    ["Write the address of your own text", draft({ kind: "site", site: "javascript:alert(1)" })],
    ["Paste 30 words or more of your own text", draft({ kind: "paste", text: "too short" })],
    ["Choose a file with your own text", draft({ kind: "upload" })],
    ["Choose a file with the competitors' text", draft({}, { competitors: { ...draft().own, kind: "upload" } })],
    ["The first week begins on a Monday", draft({}, { start: "2026-12-01" })],
    ["Say when the first week begins", draft({}, { start: "" })],
  ])("%s", (says, wrong) => {
    expect(problemOf(wrong)).toContain(says);
  });
});

test("only what is chosen is sent; what was written under another choice stays", () => {
  const side = { site: " https://example.com/ ", text: WORDS, documents: [{ id: "txt_1", name: "a.md", words: 40 }] };
  const sent = (kind: SideDraft["kind"]) => orderOf(draft({ ...side, kind })).own;
  expect(sent("site")).toEqual({ sites: ["https://example.com/"] });
  expect(sent("paste")).toEqual({ texts: [{ name: "Pasted text", text: WORDS }] });
  expect(sent("upload")).toEqual({ documents: side.documents });
  expect(sent("none")).toEqual({});
});
