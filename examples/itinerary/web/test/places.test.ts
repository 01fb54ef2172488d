import { describe, expect, test } from "vitest";
import { DOWN, ENHANCING, trip } from "../../../../packages/react/test/support/trip.ts";
import { detailsOf, enhanced, placeItem, placeState, placesByDay, placesOf, samePlaces } from "../src/model/places.ts";

const DETAILS = { place_id: "paris.louvre", about: "A palace.", hours: [], cost: null, walk: null };

function placesIn(...told: Parameters<typeof trip>) {
  return placesOf(placesByDay(trip(...told)), "day:1");
}

describe("the places of a day", () => {
  test("stand under their day, in the order of the tour", () => {
    expect(placesIn(...ENHANCING).map(({ item }) => item.title)).toEqual(["Louvre", "Orsay"]);
    expect(placesOf(placesByDay(trip(...ENHANCING)), "day:2")).toEqual([]);
  });

  test("are found by the place", () => {
    expect(placeItem(placesIn(...ENHANCING), "paris.orsay")?.item.title).toBe("Orsay");
    expect(placeItem(placesIn(...ENHANCING), "orsay.rome")).toBeUndefined();
  });

  test("are the same until one of them changes", () => {
    const finished = ["item.finished", { key: "day:1/paris.louvre" }] as const;
    const run = trip(...ENHANCING);
    const [one, again] = [placesOf(placesByDay(run), "day:1"), placesOf(placesByDay(run), "day:1")];
    expect(samePlaces(one, again)).toBe(true);
    expect(samePlaces(one, placesIn(...ENHANCING, [...finished]))).toBe(false);
    expect(samePlaces(one, [])).toBe(false);
  });
});

describe("a place", () => {
  const states = (...told: Parameters<typeof trip>) => {
    const { status } = trip(...told);
    return placesIn(...told).map(({ item }) => placeState(item, status));
  };

  test("waits, is looked up, and is there or not", () => {
    expect(states(...ENHANCING)).toEqual(["enhancing", "waiting"]);
    expect(states(...ENHANCING, ["item.finished", { key: "day:1/paris.louvre" }])).toEqual(["enhanced", "waiting"]);
    expect(states(...ENHANCING, ["item.failed", { key: "day:1/paris.louvre", error: DOWN }])[0]).toBe("failed");
  });

  test("is not looked up any more once the trip has ended", () => {
    expect(states(...ENHANCING, ["run.cancelled", {}])).toEqual(["stopped", "stopped"]);
  });

  test("has details once it was looked up", () => {
    const looked = placesIn(...ENHANCING, ["item.finished", { key: "day:1/paris.louvre", data: DETAILS }]);
    expect(looked.map(({ item }) => detailsOf(item))).toEqual([DETAILS, null]);
    expect(enhanced(looked)).toBe(1);
  });
});
