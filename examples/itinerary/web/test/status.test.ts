import { describe, expect, test } from "vitest";
import { placesByDay, placesOf } from "../src/model/places.ts";
import { dayState, daysOf, hasEnded, phaseSign, plannedDays, retryLabel, runSign } from "../src/model/status.ts";
import { CREATED, DOWN, ENHANCING, PLANNING, trip } from "./support/trip.ts";

const FAILED = ["item.failed", { key: "day:1", error: DOWN }] as const;
const OTHER_FAILED = ["item.failed", { key: "day:2", error: DOWN }] as const;

function states(...told: Parameters<typeof trip>): string[] {
  const run = trip(...told);
  const places = placesByDay(run);
  return daysOf(run).map(([key, item]) => dayState(item, placesOf(places, key), run.status));
}

describe("a day", () => {
  test("waits, is planned, and is there", () => {
    expect(states(...CREATED)).toEqual(["waiting", "waiting"]);
    expect(states(...PLANNING)).toEqual(["planning", "waiting"]);
    expect(states(...PLANNING, ["item.finished", { key: "day:1" }])).toEqual(["planned", "waiting"]);
  });

  test("is ready once all its places were looked up", () => {
    const louvre = ["item.finished", { key: "day:1/paris.louvre" }] as const;
    const orsay = ["item.started", { key: "day:1/paris.orsay" }] as const;
    const looked = ["item.finished", { key: "day:1/paris.orsay" }] as const;
    expect(states(...ENHANCING)).toEqual(["enhancing", "planning"]);
    expect(states(...ENHANCING, [...louvre])).toEqual(["planned", "planning"]);
    expect(states(...ENHANCING, [...louvre], [...orsay], [...looked])).toEqual(["enhanced", "planning"]);
    expect(states(...ENHANCING, ["run.cancelled", {}])).toEqual(["planned", "stopped"]);
  });

  test("is not planned any more once the trip has ended", () => {
    expect(states(...PLANNING, ["run.cancelled", {}])).toEqual(["stopped", "stopped"]);
  });

  test("that failed stays failed", () => {
    expect(states(...PLANNING, [...FAILED], ["run.partial", {}])).toEqual(["failed", "stopped"]);
  });
});

describe("a trip", () => {
  test("says that it is being stopped until it has stopped", () => {
    expect(runSign("running", true).word).toBe("Stopping");
    expect(runSign("cancelled", true).word).toBe("Cancelled");
    expect(runSign(null, false).word).toBe("Loading");
  });

  test("has ended or not", () => {
    expect([null, "queued", "running", "waiting"].map((status) => hasEnded(status as never))).not.toContain(true);
    expect(hasEnded("partial")).toBe(true);
  });

  test("says what trying again would try", () => {
    expect(retryLabel(trip(...PLANNING))).toBeNull();
    expect(retryLabel(trip(...PLANNING, ["run.succeeded", {}]))).toBeNull();
    expect(retryLabel(trip(...PLANNING, ["run.failed", { error: DOWN }]))).toBe("Try again");
    expect(retryLabel(trip(...PLANNING, ["run.cancelled", {}]))).toBe("Go on planning");
    expect(retryLabel(trip(...PLANNING, [...FAILED], ["run.partial", {}]))).toBe("Try the failed day again");
    expect(
      retryLabel(
        trip(...PLANNING, ["item.started", { key: "day:2" }], [...FAILED], [...OTHER_FAILED], ["run.partial", {}]),
      ),
    ).toBe("Try 2 failed days again");
  });

  test("says so when only places failed", () => {
    const failed = ["item.failed", { key: "day:1/paris.louvre", error: DOWN }] as const;
    expect(retryLabel(trip(...ENHANCING, [...failed], ["run.partial", {}]))).toBe("Try the failed place again");
  });
});

test("a phase is partly done when some of its days failed", () => {
  const run = trip(...PLANNING, [...FAILED], ["phase.finished", { id: "plan" }]);
  expect(run.phases.map((phase) => phaseSign(phase, run).word)).toEqual(["done", "partly done", "to come", "to come"]);
  expect(plannedDays(run)).toEqual([0, 2]);
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
