import { expect, test } from "vitest";
import { latencyOf, latencyRange } from "../src/model/dial.ts";

test("the provider's own latency is one of the slider's", () => {
  expect(latencyOf({ latency_min_s: 0.3, latency_max_s: 0.9 })).toBeCloseTo(0.6);
  expect(latencyRange(0.6)).toEqual({ latency_min_s: 0.3, latency_max_s: 0.9 });
});

test.each([0, 0.1, 0.7, 1.3, 3])("%d s come back as they were set", (seconds) => {
  expect(latencyOf(latencyRange(seconds))).toBeCloseTo(seconds);
});
