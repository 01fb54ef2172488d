import { expect, test } from "vitest";
import { parseRoute, strategyHref } from "../src/model/route.ts";

test("the address says which strategy is watched, and how", () => {
  expect(parseRoute("")).toEqual({ page: "home" });
  expect(parseRoute("#/strategies/")).toEqual({ page: "home" });
  for (const mode of ["stream", "poll"] as const) {
    expect(parseRoute(strategyHref("run_1", mode))).toEqual({ page: "strategy", id: "run_1", mode });
  }
});
