import { beforeEach, expect, test } from "vitest";
import { isOver, laterText, load, save, type Waiting } from "../src/model/later.ts";
import type { Message } from "../src/model/message.ts";

const message = (event: Message["event"], text = ""): Message => ({
  event,
  data: {
    step: 1,
    total_steps: 6,
    progress: 42.7,
    message: text,
    timestamp: "2026-12-01T08:00:00Z",
    run_id: "run_1",
    status: "running",
  },
});
const waiting = (last: Message | null): Waiting => ({ id: "run_1", title: "Bread", mode: "poll", message: last });

beforeEach(() => localStorage.clear());

test("what is waited for survives a reload", () => {
  const all = [waiting(null), { ...waiting(message("complete")), id: "run_2" }];
  save(localStorage, all);
  expect(load(localStorage)).toEqual(all);
});

test.each(["{", "7", '[{"id":1}]', "[null]", '[{"id":"run_1","title":"x","message":{}}]'])(
  "%s in its place is nothing that is waited for",
  (text) => {
    localStorage.setItem("headway-strategy-later", text);
    expect(load(localStorage)).toEqual([]);
  },
);

test("an entry says how it stands, and never that time is out", () => {
  expect(laterText(waiting(null))).toBe("Still being written. We'll tell you here.");
  expect(laterText(waiting(message("progress")))).toBe("Still being written (42 %). We'll tell you here.");
  expect(laterText(waiting(message("complete", "The strategy is ready")))).toBe("The strategy is ready");
  expect([null, message("status"), message("complete"), message("error")].map((one) => isOver(waiting(one)))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
