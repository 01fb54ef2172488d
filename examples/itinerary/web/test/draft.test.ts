import { describe, expect, test } from "vitest";
import {
  addStay,
  CITIES_MAX,
  type City,
  changeStay,
  choices,
  DAYS_MAX,
  type Draft,
  firstDraft,
  problemOf,
  removeStay,
  saturdayAfter,
  toggleInterest,
  totalDays,
} from "../src/model/draft.ts";

const CITIES: City[] = ["berlin", "lisbon", "paris", "prague", "rome", "tokyo", "vienna"].map((id) => ({
  id,
  name: id.charAt(0).toUpperCase() + id.slice(1),
  country: "Somewhere",
}));
const TODAY = new Date(2026, 10, 21); // a Saturday

function draft(change: Partial<Draft> = {}): Draft {
  return { ...firstDraft(CITIES, TODAY), ...change };
}

describe("the first draft", () => {
  test("has three cities for three days each", () => {
    expect(draft().stays).toEqual([
      { city: "paris", days: 3 },
      { city: "rome", days: 3 },
      { city: "lisbon", days: 3 },
    ]);
    expect(problemOf(draft())).toBeNull();
  });

  test("takes the cities there are", () => {
    const two = CITIES.filter(({ id }) => ["berlin", "rome"].includes(id));
    expect(firstDraft(two, TODAY).stays.map((stay) => stay.city)).toEqual(["rome", "berlin"]);
  });
});

test.each([
  [new Date(2026, 10, 21), "2026-12-05"],
  [new Date(2026, 10, 22), "2026-12-12"],
  [new Date(2026, 11, 31), "2027-01-16"],
])("two weeks after %s it is Saturday on %s", (today, saturday) => {
  expect(saturdayAfter(today, 14)).toBe(saturday);
});

describe("stays", () => {
  test("no city can be chosen twice", () => {
    expect(choices(draft(), CITIES).map((city) => city.id)).toEqual(["berlin", "prague", "tokyo", "vienna"]);
    expect(choices(draft(), CITIES, "rome").map((city) => city.id)).toContain("rome");
  });

  test("are added up to the most there may be", () => {
    const short = draft({ stays: [{ city: "paris", days: 1 }] });
    const full = CITIES.reduce((some) => addStay(some, CITIES), short);
    expect(full.stays).toHaveLength(CITIES_MAX);
    expect(new Set(full.stays.map((stay) => stay.city)).size).toBe(CITIES_MAX);
  });

  test("one that is added makes the trip no longer than it may be", () => {
    const long = draft({ stays: [5, 5, 3].map((days, at) => ({ city: CITIES[at]?.id ?? "", days })) });
    expect(totalDays(addStay(long, CITIES))).toBe(DAYS_MAX);
  });

  test("are changed and removed by their place", () => {
    const changed = changeStay(draft(), 1, { days: 5 });
    expect(changed.stays[1]).toEqual({ city: "rome", days: 5 });
    expect(removeStay(changed, 0).stays.map((stay) => stay.city)).toEqual(["rome", "lisbon"]);
    expect(draft().stays).toHaveLength(3);
  });
});

test("interests are switched on and off, and keep their order", () => {
  const some = toggleInterest(toggleInterest(draft(), "views"), "art");
  expect(some.interests).toEqual(["art", "views"]);
  expect(toggleInterest(some, "art").interests).toEqual(["views"]);
});

describe("what keeps a trip from being planned", () => {
  test("too many days", () => {
    expect(problemOf(changeStay(changeStay(draft(), 0, { days: 5 }), 1, { days: 10 }))).toContain(
      "18 days are too many",
    );
  });
  test("no first day", () => {
    expect(problemOf(draft({ start: "" }))).toContain("first day");
  });
});
