// @vitest-environment node
import { expect, test } from "vitest";
import { ENDED_STATUSES, RUN_STATUSES } from "../src/contract.gen.ts";
import { follow, isEnded, moves } from "../src/transitions.ts";
import { readCases } from "./support/conformance.ts";

interface Row {
  of: "run" | "phase" | "item" | "output";
  event: string;
  from: string | null;
  to: string;
}

const rows = readCases<Row[]>("schema/transitions.json");
const statuses = [null, ...RUN_STATUSES, "planned", "finished", "open"];

test.each([...new Set(rows.map(({ event }) => event))])(
  "%s leads where the table of Python says, and nowhere else",
  (event) => {
    expect(moves(event)).toBe(true);
    for (const status of statuses) {
      const row = rows.find((one) => one.event === event && one.from === status);
      expect(follow(event, status), `from ${status}`).toBe(row?.to);
    }
  },
);

test("other events are not in it", () => {
  for (const event of ["", "run", "note", "run.planned", "constructor", "run.unknown"]) {
    expect(moves(event), event).toBe(false);
    expect(follow(event, null), event).toBeUndefined();
  }
});

test("a run is over in these statuses", () => {
  expect(RUN_STATUSES.filter(isEnded).sort()).toEqual([...ENDED_STATUSES].sort());
  expect(isEnded(null)).toBe(false);
});
