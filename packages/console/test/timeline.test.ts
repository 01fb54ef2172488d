import { describe, expect, it } from "vitest";
import { type Row, spanOf, Timeline } from "../src/run/timeline/model.ts";
import { createScale } from "../src/run/timeline/scale.ts";
import { BEGAN, logOf } from "./events.ts";

function rowsOf(...lines: Parameters<typeof logOf>): Row[] {
  const timeline = new Timeline();
  timeline.apply(logOf(...lines));
  return timeline.rows();
}

/** `running 0-2, done 2-` in seconds. */
function said(row: Row | undefined): string {
  const seconds = (ms: number | null) => (ms === null ? "" : (ms - BEGAN) / 1_000);
  return (row?.segments ?? []).map(({ kind, from, to }) => `${kind} ${seconds(from)}-${seconds(to)}`).join(", ");
}

const CREATED: [number, "run.queued", object] = [0, "run.queued", { attempt: 1, reason: "created" }];
const STARTED: [number, "run.started", object] = [2, "run.started", { attempt: 1 }];

describe("rows", () => {
  it("show how long an attempt waited for a worker and how long it worked", () => {
    const [attempt] = rowsOf(CREATED, STARTED, [9, "run.succeeded"]);
    expect(attempt?.title).toBe("Attempt 1");
    expect(said(attempt)).toBe("queued 0-2, done 2-9");
  });

  it("end no earlier than the last event, whatever a clock says", () => {
    const timeline = new Timeline();
    expect(timeline.last).toBe(0);
    timeline.apply(logOf(CREATED, [4, "note", {}], STARTED));
    expect(timeline.last).toBe(BEGAN + 4_000);
  });

  it("leave open what goes on", () => {
    expect(said(rowsOf(CREATED, STARTED)[0])).toBe("queued 0-2, running 2-");
  });

  it("stand in the order of the plan, items below their phase, parts below their item", () => {
    const rows = rowsOf(
      CREATED,
      [
        0,
        "run.planned",
        {
          phases: [
            { id: "read", title: "Read" },
            { id: "write", title: "" },
          ],
        },
      ],
      STARTED,
      [3, "phase.started", { id: "read" }],
      [3, "item.planned", { key: "a", title: "Page A", parent: null, phase: "read" }],
      [3, "item.planned", { key: "a/1", title: "Part", parent: "a", phase: null }],
      [3, "item.planned", { key: "b", title: "Page B", parent: null, phase: "read" }],
    );
    expect(rows.map(({ level, title }) => `${level} ${title}`)).toEqual([
      "1 Attempt 1",
      "1 Read",
      "2 Page A",
      "3 Part",
      "2 Page B",
      "1 write",
    ]);
    expect(rows.filter(({ hasChildren }) => hasChildren).map(({ title }) => title)).toEqual(["Read", "Page A"]);
  });

  it("show an item that waits for its turn as queued", () => {
    const item = rowsOf(
      CREATED,
      [1, "item.planned", { key: "a", title: "A", parent: null, phase: null }],
      [4, "item.started", { key: "a" }],
      [6, "item.failed", { key: "a" }],
    )[1];
    expect(said(item)).toBe("queued 1-4, failed 4-6");
  });

  it("show an item that is planned again when it begins only once as queued", () => {
    const planned = { key: "a", title: "A", parent: null, phase: null };
    const item = rowsOf(
      [1, "item.planned", planned],
      [4, "item.planned", planned],
      [4, "item.started", { key: "a" }],
    )[0];
    expect(said(item)).toBe("queued 1-4, running 4-");
  });

  it("show waiting for an answer in the attempt and its phase", () => {
    const rows = rowsOf(
      CREATED,
      STARTED,
      [3, "phase.started", { id: "buy" }],
      [5, "run.waiting", { ask_id: "approve" }],
      [50, "run.resumed", { ask_id: "approve" }],
      [51, "phase.finished", { id: "buy" }],
      [52, "run.succeeded"],
    );
    expect(said(rows[0])).toBe("queued 0-2, done 2-5, waiting 5-50, done 50-52");
    expect(said(rows[1])).toBe("done 3-5, waiting 5-50, done 50-51");
  });

  it("close what a dead worker left open when the next attempt waits", () => {
    const rows = rowsOf(
      CREATED,
      STARTED,
      [3, "phase.started", { id: "read" }],
      [3, "item.started", { key: "a" }],
      [20, "run.queued", { attempt: 2, reason: "takeover" }],
      [21, "run.started", { attempt: 2 }],
      [21, "phase.started", { id: "read" }],
      [21, "item.started", { key: "a" }],
      [25, "item.finished", { key: "a" }],
    );
    expect(rows.map(({ title }) => title)).toEqual(["Attempt 1", "Attempt 2, taken over", "read", "a"]);
    expect(said(rows[0])).toBe("queued 0-2, stopped 2-20");
    expect(said(rows[3])).toBe("stopped 3-20, done 21-25");
  });

  it("say of a run that was cancelled while it waited that it was stopped", () => {
    const rows = rowsOf(CREATED, STARTED, [5, "run.waiting", { ask_id: "a" }], [8, "run.cancelled"]);
    expect(said(rows[0])).toBe("queued 0-2, done 2-5, waiting 5-8, stopped 8-8");
  });

  it("have a tick for each try that failed, with the number of the next, and for each step", () => {
    const item = rowsOf(
      CREATED,
      [1, "item.started", { key: "a" }],
      [2, "error", { item: "a", message: "a/read: broken (try 1 of 5)", severity: "warning" }],
      [3, "step.finished", { key: "a/read" }],
      [4, "error", { item: "a", message: "this is odd", severity: "error" }],
      [4, "error", { item: "a", message: "by the way", severity: "info" }],
    )[1];
    expect(item?.ticks.map(({ kind, label }) => `${kind} ${label}`)).toEqual(["retry 2/5", "step ", "error !"]);
  });

  it("show texts in the phase that wrote them", () => {
    const rows = rowsOf(
      [1, "phase.started", { id: "write" }],
      [2, "output.started", { key: "summary" }],
      [5, "output.finished", { key: "summary" }],
    );
    expect(rows.map(({ level, title }) => `${level} ${title}`)).toEqual(["1 write", "2 summary"]);
    expect(said(rows[1])).toBe("done 2-5");
  });

  it("count only what worked", () => {
    const [attempt] = rowsOf(CREATED, STARTED, [5, "run.waiting", { ask_id: "a" }], [95, "run.resumed"]);
    expect(attempt && spanOf(attempt, BEGAN + 100_000)).toEqual({ from: BEGAN + 2_000, ms: 8_000 });
  });
});

describe("the scale", () => {
  it("is in proportion", () => {
    const rows = rowsOf(
      [0, "run.queued", { attempt: 1, reason: "created" }],
      [0, "run.started", { attempt: 1 }],
      [10, "run.succeeded"],
    );
    const scale = createScale(rows, BEGAN + 99_000);
    expect([0, 5, 10, 99].map((seconds) => scale.at(BEGAN + seconds * 1_000))).toEqual([0, 0.5, 1, 1]);
    expect(scale.marks.map(({ ms }) => ms)).toEqual([0, 2_000, 4_000, 6_000, 8_000]);
  });

  it("ends now while something goes on", () => {
    expect(createScale(rowsOf(CREATED, STARTED), BEGAN + 30_000).end).toBe(BEGAN + 30_000);
  });

  it("cuts short a wait of more than a minute in which nothing works", () => {
    const rows = rowsOf(
      [0, "run.queued", { attempt: 1, reason: "created" }],
      [0, "run.started", { attempt: 1 }],
      [10, "run.waiting", { ask_id: "a" }],
      [86_400, "run.resumed", { ask_id: "a" }],
      [86_410, "run.succeeded"],
    );
    const scale = createScale(rows, BEGAN);
    expect(scale.gaps).toEqual([{ from: BEGAN + 10_000, to: BEGAN + 86_400_000 }]);
    expect(scale.at(BEGAN + 10_000)).toBeCloseTo(0.472, 2);
    expect(scale.at(BEGAN + 86_400_000)).toBeCloseTo(0.528, 2);
    expect(scale.at(BEGAN + 86_410_000)).toBe(1);
    expect(scale.marks.every(({ at }) => at >= 0 && at <= 1)).toBe(true);
  });

  it("leaves a long piece of work as long as it is", () => {
    expect(createScale(rowsOf(CREATED, STARTED, [7_200, "run.succeeded"]), BEGAN).gaps).toEqual([]);
  });

  it("never turns back", () => {
    const rows = rowsOf(
      CREATED,
      [500, "run.started", { attempt: 1 }],
      [510, "run.waiting"],
      [5_000, "run.resumed"],
      [5_300, "run.failed"],
    );
    const scale = createScale(rows, BEGAN);
    const places = Array.from({ length: 531 }, (_, tens) => scale.at(BEGAN + tens * 10_000));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  it("knows of nothing when there is nothing", () => {
    expect(createScale([], BEGAN).marks).toEqual([]);
  });
});
