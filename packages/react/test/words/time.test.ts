import { describe, expect, test } from "vitest";
import { ago, count, roughly, sentence, stopwatch, timeOfDay } from "../../src/words/time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test.each([
  [-5, "0:00"],
  [999, "0:00"],
  [42_000, "0:42"],
  [61_500, "1:01"],
  [725_000, "12:05"],
  [HOUR + 2 * MINUTE + 7_000, "1:02:07"],
  [12 * HOUR, "12:00:00"],
])("a stopwatch at %i ms reads %s", (ms, text) => {
  expect(stopwatch(ms)).toBe(text);
});

test.each([
  [2_000, "a few seconds"],
  [30_000, "less than a minute"],
  [80_000, "about a minute"],
  [100_000, "about 2 min"],
  [35 * MINUTE, "about 35 min"],
  [2.4 * HOUR, "about 2 h"],
])("%i ms are roughly %s", (ms, text) => {
  expect(roughly(ms)).toBe(text);
});

test.each([
  [-3_000, "just now"],
  [59_000, "just now"],
  [5 * MINUTE, "5 min ago"],
  [3 * HOUR, "3 h ago"],
  [30 * HOUR, "yesterday"],
  [72 * HOUR, "3 days ago"],
])("%i ms ago was %s", (ms, text) => {
  expect(ago(ms)).toBe(text);
});

test("one is counted differently from many", () => {
  expect([count(1, "day"), count(3, "day"), count(0, "city", "cities")]).toEqual(["1 day", "3 days", "0 cities"]);
});

describe("a sentence", () => {
  test("begins with a capital and ends with a full stop", () => {
    expect(sentence("the provider answered 503")).toBe("The provider answered 503.");
    expect(sentence("https://example.com/ answered 503")).toBe("https://example.com/ answered 503.");
  });
  test("keeps the end it has", () => {
    expect(["Is it?", "It is!", "Wait…", "Yes. "].map(sentence)).toEqual(["Is it?", "It is!", "Wait…", "Yes."]);
  });
});

test("the time of day has seconds", () => {
  expect(timeOfDay(new Date(2026, 10, 21, 12, 3, 11).getTime())).toBe("12:03:11");
});
