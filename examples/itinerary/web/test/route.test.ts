import { expect, test } from "vitest";
import { HOME, parseRoute, tripHref } from "../src/model/route.ts";

test("the address of a trip leads to it", () => {
  expect(parseRoute(tripHref("run_01a1"))).toEqual({ page: "trip", id: "run_01a1" });
});

test.each(["", "#", HOME, "#/trips", "#/trips/", "#/trips/a/b", "#/trips/<b>", "#/elsewhere"])(
  "%s leads home",
  (hash) => {
    expect(parseRoute(hash)).toEqual({ page: "home" });
  },
);
