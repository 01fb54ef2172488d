import { describe, expect, test } from "vitest";
import { PLANNING, trip } from "../../../../packages/react/test/support/trip.ts";
import { dayOf, layOut, type Place, placeAndDate, stopsOf, type Tour, type Visit } from "../src/model/tour.ts";

const [WIDTH, HEIGHT, GAP] = [320, 130, 20];

function place(lat: number, lon: number): Place {
  return { id: `${lat},${lon}`, name: "A place", category: "park", lat, lon };
}

function visit(arrive: string, leave: string): Visit {
  return { place: place(48, 2), arrive, leave, walk_minutes: 5, wait_minutes: 0 };
}

function tour(visits: Visit[], lunch: Tour["lunch"] = null): Tour {
  return { number: 1, found_after_s: 0.1, visits, lunch, walk_metres: 100 };
}

describe("a day's item", () => {
  const day = (data: unknown) => dayOf({ ...trip(...PLANNING).items["day:1"], data } as never);

  test("has a tour, or not yet", () => {
    expect(day({ day: {}, tour: tour([]) })?.tour.visits).toEqual([]);
    expect([day(null), day({}), day({ tour: null }), day("text")]).toEqual([null, null, null, null]);
  });

  test("has a place and a date in its title", () => {
    expect(placeAndDate("New York, Sat 5 Dec")).toEqual(["New York", "Sat 5 Dec"]);
    expect(placeAndDate("day 1")).toEqual(["day 1", ""]);
  });
});

describe("the stops of a tour", () => {
  const kinds = (lunch: Tour["lunch"]) =>
    stopsOf(tour([visit("09:00", "10:00"), visit("10:10", "12:30"), visit("14:00", "15:00")], lunch)).map((stop) =>
      stop.kind === "visit" ? stop.number : "lunch",
    );

  test("are its visits, with lunch after the one before it", () => {
    expect(kinds({ starts: "12:30", ends: "13:30" })).toEqual([1, 2, "lunch", 3]);
  });

  test("may have no lunch", () => {
    expect(kinds(null)).toEqual([1, 2, 3]);
  });
});

describe("the map", () => {
  const paris = [place(48.8606, 2.3376), place(48.853, 2.3499), place(48.8584, 2.2945), place(48.8867, 2.3431)];

  test("is drawn inside its box, with north at the top and west to the left", () => {
    const points = layOut(paris, WIDTH, HEIGHT, GAP);
    for (const { x, y } of points) {
      expect(x).toBeGreaterThanOrEqual(GAP / 2);
      expect(x).toBeLessThanOrEqual(WIDTH - GAP / 2);
      expect(y).toBeGreaterThanOrEqual(GAP / 2);
      expect(y).toBeLessThanOrEqual(HEIGHT - GAP / 2);
    }
    const [, , eiffel, montmartre] = points;
    expect(eiffel?.x).toBe(Math.min(...points.map((point) => point.x)));
    expect(montmartre?.y).toBe(Math.min(...points.map((point) => point.y)));
  });

  test("keeps neighbours apart", () => {
    const points = layOut([...paris, place(48.86061, 2.33761)], WIDTH, HEIGHT, GAP);
    const [first, last] = [points[0], points.at(-1)];
    expect(Math.hypot((last?.x ?? 0) - (first?.x ?? 0), (last?.y ?? 0) - (first?.y ?? 0))).toBeGreaterThan(GAP - 1);
  });

  test("puts one place into the middle", () => {
    expect(layOut([place(48, 2)], WIDTH, HEIGHT, GAP)).toEqual([{ x: WIDTH / 2, y: HEIGHT / 2 }]);
    expect(layOut([], WIDTH, HEIGHT, GAP)).toEqual([]);
  });
});
