// @vitest-environment node
import { describe, expect, test } from "vitest";
import type { RunEvent, Snapshot } from "../src/contract.gen.ts";
import { EMPTY, Fold } from "../src/folding.ts";
import { expectSame } from "./support/equal.ts";
import { begun, Log } from "./support/log.ts";

function folded(log: Log): Fold {
  const fold = new Fold(EMPTY);
  for (const event of log.events) fold.apply(event, log.cursor(event.seq));
  return fold;
}

/** Apply what was added to the log and return the state before and after. */
function moved(fold: Fold, log: Log): [Snapshot, Snapshot] {
  const before = fold.snapshot();
  for (const event of log.events.slice(before.seq)) fold.apply(event, log.cursor(event.seq));
  return [before, fold.snapshot()];
}

describe("what did not change is the same object", () => {
  test("a snapshot until the next event", () => {
    const fold = folded(begun());
    expect(fold.snapshot()).toBe(fold.snapshot());
  });

  test("everything but the seq after a line of the log", () => {
    const log = begun();
    const fold = folded(log);
    const [before, after] = moved(fold, log.add("log", { level: "info", text: "x", fields: {} }));
    expect(after).not.toBe(before);
    const { seq, cursor, ...same } = after;
    expect([seq, cursor]).toEqual([8, "8.t"]);
    for (const [name, value] of Object.entries(same)) expect(value, name).toBe(before[name as keyof Snapshot]);
  });

  test("an item beside the one that moved", () => {
    const log = begun().add("item.planned", { key: "day:2", kind: "day", title: "", parent: null, phase: "plan" });
    const fold = folded(log);
    const [before, after] = moved(fold, log.add("item.updated", { key: "day:2", data: 1 }));
    expect(after.items).not.toBe(before.items);
    expect(after.items["day:1"]).toBe(before.items["day:1"]);
    expect(before.items["day:2"]?.data).toBeNull();
    for (const part of ["outputs", "phases", "custom", "asks", "notes", "errors", "executions", "progress"] as const) {
      expect(after[part], part).toBe(before[part]);
    }
  });

  test("an output beside the one that grew", () => {
    const log = begun().add("output.started", { key: "other" });
    const fold = folded(log);
    const [before, after] = moved(fold, log.add("output.appended", { key: "other", delta: "x" }));
    expect(after.outputs["text"]).toBe(before.outputs["text"]);
    expect(before.outputs["other"]?.text).toBe("");
    expect(after.outputs["other"]?.text).toBe("x");
  });

  test("the custom values of another name", () => {
    const log = begun()
      .add("custom", { name: "a", key: "1", data: 1 })
      .add("custom", { name: "b", key: null, data: {} });
    const fold = folded(log);
    const [before, after] = moved(fold, log.add("custom", { name: "a", key: "2", data: 2 }));
    expect(after.custom["b"]).toBe(before.custom["b"]);
    expect(before.custom["a"]).toEqual({ "1": 1 });
    expect(after.custom["a"]).toEqual({ "1": 1, "2": 2 });
  });

  test("notes and custom values that a withdrawal does not name", () => {
    const log = begun()
      .add("note", { kind: "info", title: null, body: "said" })
      .add("custom", { name: "a", key: null, data: 1 })
      .add("custom", { name: "b", key: null, data: 1 });
    const fold = folded(log);
    const nothing = { phases: {}, items: {}, outputs: {}, notes: [], custom: [] };
    const [before, after] = moved(fold, log.add("attempt.discarded", { attempt: 1, step: "s", set: nothing }));
    expect(after.notes).toBe(before.notes);
    expect(after.custom).toBe(before.custom);
    const named = { ...nothing, notes: [before.notes[0]?.seq ?? 0], custom: [{ name: "a", key: "", value: null }] };
    const [, last] = moved(fold, log.add("attempt.discarded", { attempt: 1, step: "s", set: named }));
    expect([last.notes, last.custom]).toEqual([[], { b: { "": 1 } }]);
    expect(last.custom["b"]).toBe(before.custom["b"]);
    expect(before.custom["a"]).toEqual({ "": 1 });
  });

  test("a phase beside the one that moved", () => {
    const log = begun().add("run.planned", {
      phases: [
        { id: "plan", title: "Plan", weight: 1 },
        { id: "write", title: "Write", weight: 1 },
      ],
    });
    const fold = folded(log);
    const [before, after] = moved(fold, log.add("phase.started", { id: "write", total: 3, unit: null }));
    expect(after.phases[0]).toBe(before.phases[0]);
    expect(after.phases[1]).not.toBe(before.phases[1]);
  });
});

test("a fold leaves alone what it is given", () => {
  const log = begun().add("custom", { name: "a", key: "1", data: [1] });
  const snapshot = frozen(log.snapshot());
  const fold = new Fold(snapshot);
  log
    .add("custom", { name: "a", key: "2", data: 2 })
    .add("output.appended", { key: "text", delta: "more" })
    .add("item.finished", { key: "day:1", data: null })
    .add("run.waiting", { ask_id: "q", prompt: "Which?", schema: null })
    .add("run.failed", { error: { code: "c", message: "", category: "a", retryable: false, hint: null } });
  for (const event of log.events.slice(8)) fold.apply(frozen(structuredClone(event)));
  expectSame({ ...fold.snapshot(), cursor: log.cursor() }, log.snapshot(), "the end");
});

test("items and outputs of a snapshot stay in its order, whatever their keys", () => {
  const log = begun();
  for (const key of ["page:9", "page:10", "page:1"]) {
    log.add("item.planned", { key, kind: "page", parent: null, phase: null, title: key });
    log.add("output.started", { key });
  }
  const late = new Fold(log.snapshot()).snapshot();
  expect(Object.keys(late.items)).toEqual(["day:1", "page:9", "page:10", "page:1"]);
  expect(Object.keys(late.outputs)).toEqual(["text", "page:9", "page:10", "page:1"]);
});

test("text is read while it grows, in linear time", () => {
  const log = new Log().add("output.started", { key: "text" });
  const fold = folded(log);
  const delta = (seq: number) =>
    ({ ...log.events[0], seq, type: "output.appended", data: { key: "text", delta: "wort " } }) as RunEvent;
  for (let seq = 2; seq <= 100_001; seq++) {
    fold.apply(delta(seq));
    if (seq % 1_000 === 0) expect(fold.snapshot().outputs["text"]?.text.length).toBe((seq - 1) * 5);
  }
});

function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
