// @vitest-environment node
import { expect, test } from "vitest";
import { ENDED_STATUSES, RUN_STATUSES } from "../src/contract.gen.ts";
import { follow, isEnded } from "../src/transitions.ts";
import { readCases } from "./support/conformance.ts";

interface Row {
  of: "run" | "phase" | "item" | "output";
  event: string;
  from: string | null;
  to: string;
}

const rows = readCases<Row[]>("schema/transitions.json");
const entry = ["planned", "running", "finished", "failed"];
const statuses = { run: RUN_STATUSES, phase: entry, item: entry, output: ["open", "finished"] };

test.each([...new Map(rows.map(({ event, of }) => [event, of]))])(
  "%s leads where the table of Python says, and nowhere else",
  (event, of) => {
    for (const status of [null, ...statuses[of]]) {
      const row = rows.find((one) => one.event === event && one.from === status);
      expect(follow(event, status), `from ${status}`).toBe(row?.to);
    }
  },
);

test("other events are not in it", () => {
  for (const event of ["", "run", "note", "run.planned", "constructor", "run.unknown"]) {
    expect(follow(event, null), event).toBeUndefined();
  }
});

test("a run is over in these statuses", () => {
  expect(RUN_STATUSES.filter(isEnded).sort()).toEqual([...ENDED_STATUSES].sort());
  expect(isEnded(null)).toBe(false);
});
