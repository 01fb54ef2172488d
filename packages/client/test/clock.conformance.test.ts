// @vitest-environment node
import { expect, test } from "vitest";
import { formatMs, parseMs } from "../src/clock.ts";
import { readCases } from "./support/conformance.ts";

interface ClockCases {
  parse: { text: string; ms: number | null }[];
  format: { ms: number; text: string }[];
}

const { parse, format } = readCases<ClockCases>("clock.json");

test.each(parse)("read $text", ({ text, ms }) => {
  expect(parseMs(text)).toBe(ms ?? Number.NaN);
});

test.each(format)("write $ms", ({ ms, text }) => {
  expect(formatMs(ms)).toBe(text);
});

test("nothing is no time", () => {
  expect(parseMs(null)).toBeNaN();
});
