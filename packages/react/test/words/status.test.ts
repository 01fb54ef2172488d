import { describe, expect, test } from "vitest";
import { failedItems, hasEnded, itemSign, itemState, phaseSign, runSign, setbackOf } from "../../src/words/status.ts";
import { DOWN, ENHANCING, PLANNING, trip } from "../support/trip.ts";

const FAILED = ["item.failed", { key: "day:1", error: DOWN }] as const;
const OTHER_FAILED = ["item.failed", { key: "day:2", error: DOWN }] as const;

describe("a run", () => {
  test("says that it is being stopped until it has stopped", () => {
    expect(runSign("running", true).word).toBe("Stopping");
    expect(runSign("cancelled", true).word).toBe("Cancelled");
    expect(runSign(null).word).toBe("Loading");
    expect(runSign("succeeded", false, { succeeded: "Planned" })).toMatchObject({ word: "Planned", tone: "good" });
  });

  test("has ended or not", () => {
    expect([null, undefined, "queued", "running", "waiting"].map((status) => hasEnded(status as never))).not.toContain(
      true,
    );
    expect(hasEnded("partial")).toBe(true);
  });

  test("counts what failed, without what is part of another", () => {
    const place = ["item.failed", { key: "day:1/paris.louvre", error: DOWN }] as const;
    expect(failedItems(trip(...ENHANCING, [...place], [...OTHER_FAILED]))).toEqual([1, 2]);
  });
});

describe("an item", () => {
  const states = (...told: Parameters<typeof trip>) => {
    const run = trip(...told);
    return ["day:1", "day:2"].map((key) => itemState(run.items[key] as never, run.status, setbackOf(run, key)));
  };

  test("waits, is worked on, and is done", () => {
    expect(states(...PLANNING)).toEqual(["running", "planned"]);
    expect(states(...PLANNING, ["item.finished", { key: "day:1" }])).toEqual(["finished", "planned"]);
  });

  test("is tried again after a setback, or has failed", () => {
    const setback = {
      severity: "warning",
      category: "provider",
      code: "busy",
      message: "busy",
      retryable: true,
    } as const;
    expect(states(...PLANNING, ["error", { ...setback, item: "day:1" }])).toEqual(["retrying", "planned"]);
    expect(states(...PLANNING, [...FAILED])).toEqual(["failed", "planned"]);
    expect(itemSign("retrying").word).toBe("Trying again");
  });

  test("is not worked on any more once the run has ended", () => {
    expect(states(...PLANNING, ["run.cancelled", {}])).toEqual(["stopped", "stopped"]);
  });
});

test("a phase is partly done when some of its days failed", () => {
  const run = trip(...PLANNING, [...FAILED], ["phase.finished", { id: "plan" }]);
  expect(run.phases.map((phase) => phaseSign(phase, run).word)).toEqual(["done", "partly done", "to come", "to come"]);
});

test("a phase has failed when all of its items have", () => {
  const both = trip(...PLANNING, ["item.started", { key: "day:2" }], [...FAILED], [...OTHER_FAILED]);
  expect(phaseSign(both.phases[1] as never, both).word).toBe("failed");
});

test("a phase that was under way when the trip ended was not done", () => {
  const words = (...told: Parameters<typeof trip>) => {
    const run = trip(...told);
    return run.phases.map((phase) => phaseSign(phase, run).word);
  };
  expect(words(...PLANNING)).toEqual(["done", "under way", "to come", "to come"]);
  expect(words(...PLANNING, ["run.failed", { error: DOWN }])).toEqual(["done", "not done", "not done", "not done"]);
  expect(words(...PLANNING, ["phase.failed", { id: "plan", error: DOWN }])).toContain("failed");
});
