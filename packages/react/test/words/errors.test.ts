import { expect, test } from "vitest";
import { reasonIn, setbackOf, severitySign } from "../../src/words/status.ts";
import { PLANNING, trip } from "../support/trip.ts";

const BUSY = {
  severity: "warning",
  category: "provider",
  code: "provider_down",
  message: "the place provider answered 503",
  retryable: true,
  item: "day:1",
} as const;

test("a day's setback is the last one of this attempt", () => {
  const again = { ...BUSY, message: "again" };
  expect(setbackOf(trip(...PLANNING), "day:1")).toBeNull();
  const run = trip(...PLANNING, ["error", BUSY], ["error", again]);
  expect(setbackOf(run, "day:1")?.message).toBe("again");
  expect(setbackOf(run, "day:2")).toBeNull();
  const retried = trip(
    ...PLANNING,
    ["error", BUSY, 1_000],
    ["run.partial", {}, 2_000],
    ["run.reopened", {}, 3_000],
    ["run.queued", { attempt: 2, reason: "retry", run: null }],
  );
  expect(setbackOf(retried, "day:1")).toBeNull();
});

test("an error has a severity", () => {
  const run = trip(...PLANNING, ["error", BUSY], ["error", { ...BUSY, severity: "critical", item: null }]);
  expect(run.errors.toReversed().map(({ severity }) => severitySign(severity).word)).toEqual(["Critical", "Warning"]);
});

test("a step's key is left out of what it says", () => {
  expect(reasonIn("planner/day:7/walks: the place provider answered 503 (try 1 of 3)")).toBe(
    "the place provider answered 503 (try 1 of 3)",
  );
  expect(reasonIn("all closed: museums and/or parks")).toBe("all closed: museums and/or parks");
});
