// @vitest-environment node
import { expect, test } from "vitest";
import { OUTPUT_TEXT_MAX } from "../src/contract.gen.ts";
import { GrowingText } from "../src/text.ts";

test("lengths and cuts are in code points", () => {
  const text = new GrowingText("a😀", 0);
  expect(text.append("é👩🏽‍🚀")).toBe(5);
  expect(text.length).toBe(7);
  text.drop(3);
  expect([text.read(), text.length, text.from_offset]).toEqual(["👩🏽‍🚀", 4, 3]);
  text.drop(1);
  expect(text.read()).toBe("🏽‍🚀");
});

test("what is dropped again and again is not kept", () => {
  const text = new GrowingText("", 0);
  const piece = "x".repeat(OUTPUT_TEXT_MAX);
  for (let n = 0; n < 20; n++) {
    text.append(piece);
    if (n > 0) text.drop(OUTPUT_TEXT_MAX);
  }
  expect([text.length, text.from_offset]).toEqual([OUTPUT_TEXT_MAX, 19 * OUTPUT_TEXT_MAX]);
  expect(text.read()).toBe(piece);
});

test("a cut ends inside the pieces, wherever they were joined", () => {
  const text = new GrowingText("ab", 10);
  for (const delta of ["", "cd", "e"]) text.append(delta);
  text.drop(3);
  text.append("f");
  expect([text.read(), text.from_offset]).toEqual(["def", 13]);
});
