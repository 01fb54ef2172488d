import { describe, expect, test } from "vitest";
import type { Snapshot } from "../../src/contract.gen.ts";
import { checkedOutgoing, dataOf, isEvent } from "../../src/faces/messages.ts";
import { begun, ended, Log } from "../support/log.ts";

const phases = (...statuses: string[]): Snapshot["phases"] =>
  statuses.map((status, n) => ({ id: `p${n}`, status })) as Snapshot["phases"];
const NOW = Date.parse("2026-11-21T09:00:00Z");

describe("how a run stands", () => {
  test.each([
    [[], null],
    [["planned", "planned"], 1],
    [["finished", "running", "planned"], 2],
    [["finished", "finished", "planned"], 2],
    [["running", "finished"], 1],
  ])("with phases %j it is at step %j", (statuses, step) => {
    expect(dataOf({ ...begun().snapshot(), phases: phases(...statuses) }, NOW).step).toBe(step);
  });

  test("at its end it has a result, or says why not", () => {
    expect(dataOf(ended().snapshot(), NOW)).toMatchObject({ step: 1, progress: 100, result: { days: 1 } });
    expect(dataOf(ended("run.failed").snapshot(), NOW)).toMatchObject({ error: "no", status: "failed" });
    const cancelled = begun().add("run.cancelled", { reason: null, forced: false });
    expect(dataOf(cancelled.snapshot(), NOW).error).toBe("It was cancelled.");
    expect(dataOf({ ...ended("run.failed").snapshot(), error: null }, NOW).error).toBe("It failed.");
  });

  test("before anything is known there is nothing to say", () => {
    const { run_id, ...nothing } = dataOf(new Log().snapshot(), NOW);
    expect(nothing).toEqual({
      ...{ step: null, total_steps: 0, progress: null, message: "", status: null },
      timestamp: "2026-11-21T09:00:00.000Z",
    });
  });
});

describe("what comes in", () => {
  const event = { run_id: "run_1", seq: 1, type: "note", data: {} };
  test.each([
    [event, true],
    [{ ...event, type: "weather.changed" }, true],
    [{ ...event, seq: 0 }, false],
    [{ ...event, seq: "1" }, false],
    [{ ...event, seq: 2 ** 60 }, false],
    [{ ...event, run_id: 1 }, false],
    [{ ...event, type: undefined }, false],
    [{ ...event, data: null }, false],
    [null, false],
    ["text", false],
  ])("%j is an event: %s", (value, is) => {
    expect(isEvent(value)).toBe(is);
  });
});

test("what goes out is what it was", () => {
  expect(checkedOutgoing({ event: "cancel" })).toEqual({ event: "cancel", data: {} });
  expect(checkedOutgoing({ event: "retry", data: { items: ["a"] } })).toEqual({
    event: "retry",
    data: { items: ["a"] },
  });
});
