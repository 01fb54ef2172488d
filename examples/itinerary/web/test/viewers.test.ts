import { expect, test } from "vitest";
import type { Viewer } from "../src/api.ts";
import { agreement } from "../src/model/viewers.ts";

function viewers(status: Viewer["status"], ...seqs: number[]): Viewer[] {
  return seqs.map((seq, index) => ({ n: index + 1, status, seq }));
}

test("viewers are told by where they are", () => {
  expect(agreement(viewers("live", 40, 40, 40), 40)).toMatch(/^3 viewers, all at event 40 \(this page: 40\)\. /);
  expect(agreement(viewers("live", 40, 38, 41), 41)).toMatch(/^3 viewers, at events 38 to 41 /);
  expect(agreement(viewers("ended", 90), 90)).toMatch(/^1 viewer, done, all at event 90 /);
});
