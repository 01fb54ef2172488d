import type { RunEvent, RunSummary } from "@headway-run/client";
import { describe, expect, it } from "vitest";
import { newKey } from "../src/jobs/key.ts";
import { readJobsSearch } from "../src/jobs/search.ts";
import { duration, many, ticking } from "../src/model/words.ts";
import { consolePath, headwayPath } from "../src/place.ts";
import { filterLines, LINES_MAX, Lines, placeOf } from "../src/run/log/lines.ts";
import { readRunSearch } from "../src/run/search.ts";
import type { Row } from "../src/run/timeline/model.ts";
import { moveTo, visibleRows } from "../src/run/timeline/tree.ts";
import { progressOf } from "../src/runs/progress.ts";
import { remember, remembered } from "../src/runs/remembered.ts";
import { isFiltered, queryOf, readRunsSearch } from "../src/runs/search.ts";
import { parseSearch, stringifySearch } from "../src/search.ts";
import { eventOf } from "./events.ts";

describe("the app finds itself", () => {
  it.each([
    ["https://example.org/console/", "/console/", ""],
    ["https://example.org/headway/console/", "/headway/console/", "/headway"],
    ["https://example.org/a/b/console/", "/a/b/console/", "/a/b"],
  ])("at %s", (base, app, headway) => {
    expect([consolePath(base), headwayPath(base)]).toEqual([app, headway]);
  });
});

describe("the address", () => {
  it("says the same again after it was read", () => {
    const search = { status: ["failed", "partial"], job: "a b", page: undefined };
    expect(stringifySearch(search)).toBe("?status=failed&status=partial&job=a+b");
    expect(parseSearch("?status=failed&status=partial&job=a+b")).toEqual({ status: ["failed", "partial"], job: "a b" });
    expect(stringifySearch({})).toBe("");
  });

  it("filters only by what there is", () => {
    const search = readRunsSearch({ status: ["failed", "nonsense"], job: "", group: ["a", "b"] });
    expect(search).toEqual({ q: undefined, status: ["failed"], job: undefined, group: "a", page: undefined });
    expect(queryOf(search)).toEqual({ status: ["failed"], group: "a" });
    expect(queryOf(readRunsSearch({ q: " rome " }))).toEqual({ q: "rome" });
    expect([{ q: "rome" }, { q: " " }].map(readRunsSearch).map(isFiltered)).toEqual([true, false]);
    expect([isFiltered(search), isFiltered(readRunsSearch({ page: "x" }))]).toEqual([true, false]);
  });

  it("names a tab and a line, as text or as a number", () => {
    expect(readRunSearch({ tab: "log", seq: "12" })).toEqual({ tab: "log", seq: 12 });
    expect(readRunSearch({ tab: "nothing", seq: 12 })).toEqual({ tab: undefined, seq: 12 });
    expect(readRunSearch({ seq: "abc" }).seq).toBeUndefined();
    expect(readJobsSearch({ job: "crawl" })).toEqual({ job: "crawl" });
  });
});

it("lengths of time have two parts at most", () => {
  const said = [40, 4_200, 42_000, 725_000, 3_720_000, 273_600_000].map(duration);
  expect(said).toEqual(["40 ms", "4.2 s", "42 s", "12 min 5 s", "1 h 2 min", "3 d 4 h"]);
  expect([ticking(-5), ticking(4_900), ticking(65_000)]).toEqual(["0 s", "4 s", "1 min 5 s"]);
  expect([many(1, "line"), many(1_204, "line")]).toEqual(["1 line", "1,204 lines"]);
});

it("no key is made twice", () => {
  expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
  expect(newKey()).not.toBe(newKey());
});

describe("lists that were left", () => {
  const list = (at: number) => ({ runs: [], next: null, incomplete: false, at });

  it("are known by what they list, as they were last", () => {
    remember({ status: ["failed"] }, list(1));
    remember({ status: ["failed"] }, list(2));
    expect(remembered({ status: ["failed"] })).toEqual(list(2));
    expect(remembered({ job: "crawl" })).toBeNull();
  });

  it("make room for those that were seen later", () => {
    for (const at of Array(30).keys()) remember({ job: `job ${at}` }, list(at));
    remember({ job: "job 20" }, list(99));
    remember({ job: "another" }, list(100));
    expect([10, 20, 21, 29].map((at) => remembered({ job: `job ${at}` })?.at)).toEqual([undefined, 99, undefined, 29]);
  });
});

describe("progress in a list", () => {
  const run = {
    status: "running",
    percent: 41.9,
    message: null,
    phase: "read",
    items_failed: 0,
    items_total: 9,
  } as RunSummary;

  it.each<[Partial<RunSummary>, number | null, string]>([
    [{}, 41, "41 %, read"],
    [{ message: "page 3" }, 41, "41 %, page 3"],
    [{ percent: null, phase: null }, null, ""],
    [{ status: "queued", percent: null }, 0, "In the queue"],
    [{ status: "succeeded", percent: null }, 100, ""],
    [{ status: "partial", items_failed: 2, percent: 100 }, 100, "2 of 9 items failed"],
    [{ status: "failed", message: "row 6" }, 41, "41 %"],
    [{ items_failed: 2 }, 41, "41 %, read, 2 failed"],
    [{ status: "partial", items_failed: 1, items_total: 1 }, 41, "1 of 1 item failed"],
    [{ status: "cancelled", percent: null }, null, ""],
  ])("%j", (changes, percent, text) => {
    expect(progressOf({ ...run, ...changes })).toEqual({ percent, text });
  });
});

describe("the log", () => {
  const line = (seq: number, level: string, text: string, fields: object = {}): RunEvent =>
    eventOf(seq, "log", { level, text, fields: { run_id: "run_1", ...fields } });

  function lines(...events: RunEvent[]): Lines {
    const made = new Lines();
    made.apply(events);
    return made;
  }

  it("has what was said beside the text, but for what is on every line", () => {
    const [first] = lines(line(1, "info", "reading", { page: 3, host: "a b", user: null })).all;
    expect(first).toMatchObject({ seq: 1, level: "info", text: "reading", fields: 'page=3 host="a b"' });
  });

  it("takes only lines", () => {
    expect(lines(eventOf(1, "phase.started", { id: "a" })).all).toEqual([]);
  });

  it("is searched by words, anywhere in a line, and by level", () => {
    const { all } = lines(
      line(1, "debug", "Reading page", { page: 3 }),
      line(2, "error", "page lost"),
      line(5, "info", "done"),
    );
    const seqs = (level: "debug" | "warning", text: string) => filterLines(all, { level, text }).map(({ seq }) => seq);
    expect([
      seqs("debug", ""),
      seqs("debug", "page=3 reading"),
      seqs("debug", "page"),
      seqs("warning", "page"),
    ]).toEqual([[1, 2, 5], [1], [1, 2], [2]]);
  });

  it("finds the place of a line, and of the next one where it is not there", () => {
    const { all } = lines(line(1, "info", "a"), line(5, "info", "b"), line(9, "info", "c"));
    expect([1, 2, 5, 9, 10].map((seq) => placeOf(all, seq))).toEqual([0, 1, 1, 2, 3]);
  });

  it("keeps so many lines, and says how many made room", () => {
    const made = new Lines();
    const amount = LINES_MAX * 1.2;
    made.apply(Array.from({ length: amount }, (_, place) => line(place + 1, "info", "x")));
    expect(made.all.length).toBe(LINES_MAX);
    expect(made.dropped).toBe(amount - LINES_MAX);
    expect(made.all[0]?.seq).toBe(amount - LINES_MAX + 1);
  });
});

describe("the rows of a timeline", () => {
  const row = (id: string, parent: string | null, changes: Partial<Row> = {}): Row => ({
    id,
    parent,
    kind: "item",
    title: id,
    level: parent === null ? 1 : 2,
    segments: [],
    ticks: [],
    hasChildren: parent === null,
    ...changes,
  });
  const failed = { segments: [{ kind: "failed", from: 0, to: 1 }] } as const;
  const rows = [row("a", null), row("a1", "a"), row("a2", "a", failed), row("b", null), row("b1", "b")];
  const ids = (some: readonly Row[]) => some.map(({ id }) => id);

  it("are hidden with the one they are in", () => {
    expect(ids(visibleRows(rows, new Set(["a"]), false))).toEqual(["a", "b", "b1"]);
  });

  it("are those with problems, and where they are, when nothing else is wanted", () => {
    expect(ids(visibleRows(rows, new Set(), true))).toEqual(["a", "a2"]);
  });

  it.each([
    ["a", "ArrowDown", "a1"],
    ["a1", "ArrowUp", "a"],
    ["a2", "ArrowLeft", "a"],
    ["a", "ArrowRight", "a1"],
    ["b", "Home", "a"],
    ["a", "End", "b1"],
  ])("from %s %s leads to %s", (from, key, to) => {
    expect(moveTo(rows, new Set(), from, key)).toEqual({ id: to, toggle: false });
  });

  it("are opened and closed by keys, and other keys are left alone", () => {
    expect(moveTo(rows, new Set(), "a", "ArrowLeft")).toEqual({ id: "a", toggle: true });
    expect(moveTo(rows, new Set(["a"]), "a", "ArrowRight")).toEqual({ id: "a", toggle: true });
    expect(moveTo(rows, new Set(), "a", "Enter")).toEqual({ id: "a", toggle: true });
    expect(moveTo(rows, new Set(), "a1", "Enter")).toBeNull();
    expect(moveTo(rows, new Set(), "a", "x")).toBeNull();
    expect(moveTo(rows, new Set(), "b1", "ArrowDown")).toBeNull();
    expect(moveTo(rows, new Set(), undefined, "ArrowDown")).toBeNull();
  });
});
