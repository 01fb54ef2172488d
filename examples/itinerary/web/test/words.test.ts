import { expect, test } from "vitest";
import { PLANNING, trip } from "../../../../packages/react/test/support/trip.ts";
import { distance, money, tripSign } from "../src/model/words.ts";

test("lengths are in metres, then in kilometres", () => {
  expect([distance(0), distance(850), distance(4_280)]).toEqual(["0 m", "850 m", "4.3 km"]);
});

test("a typical price needs no cents", () => {
  expect(money(22, "EUR")).toBe("€22");
  expect(money(1500, "JPY")).toBe("¥1,500");
});

test("a trip says that it is being stopped until it has stopped", () => {
  const word = (...told: Parameters<typeof trip>) => tripSign(trip(...PLANNING, ...told)).word;
  expect(word()).toBe("Planning");
  expect(word(["run.cancel_requested", {}])).toBe("Stopping");
  expect(word(["run.cancel_requested", {}], ["run.cancelled", {}])).toBe("Cancelled");
  expect(word(["run.partial", {}])).toBe("Partly planned");
});
