import { describe, expect, test } from "vitest";
import { CREATED, DOWN, ENHANCING, PLANNING, trip } from "../../../../packages/react/test/support/trip.ts";
import { placesByDay, placesOf } from "../src/model/places.ts";
import { cardState, dayState, daysOf, plannedDays, retryLabel } from "../src/model/status.ts";

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

test("the days that are planned are counted, and each has the card of its state", () => {
  const run = trip(...PLANNING, ["item.finished", { key: "day:1" }]);
  expect(plannedDays(run)).toEqual([1, 2]);
  expect(cardState("enhancing")).toBe("finished");
});
