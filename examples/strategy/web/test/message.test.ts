import { describe, expect, test } from "vitest";
import { type Message, parseMessage } from "../src/model/message.ts";

const MESSAGE: Message = {
  event: "educational",
  data: {
    step: 2,
    total_steps: 6,
    progress: 42.5,
    message: "Weighing words",
    educational_content: { number: 1, title: "Only prose counts", content: "Menus are left out." },
    timestamp: "2026-12-01T08:00:00.000Z",
    run_id: "run_1",
    status: "running",
  },
};

const changed = (data: object, event: unknown = "progress"): unknown => ({ event, data: { ...MESSAGE.data, ...data } });

test("a message is returned as it came", () => {
  expect(parseMessage(MESSAGE)).toBe(MESSAGE);
  expect(parseMessage(changed({ error: "it broke", educational_content: undefined }, "error"))).toBeTruthy();
});

describe("what is no message is not believed, and it is said what is wrong with it", () => {
  test.each<[unknown, string]>([
    [null, "message null"],
    [[], "message []"],
    [{ event: "progress" }, "data missing"],
    [changed({}, "timeout"), 'event "timeout"'],
    [changed({ step: 7 }), "step 7"],
    [changed({ progress: 101 }), "progress 101"],
    [changed({ progress: "50" }), 'progress "50"'],
    [changed({ progress: Number.NaN }), "progress null"],
    [changed({ message: 1 }), "message 1"],
    [changed({ timestamp: "yesterday" }), 'timestamp "yesterday"'],
    [changed({ error: {} }), "error {}"],
    [changed({ run_id: undefined }), "run_id missing"],
    [changed({ educational_content: { number: 0 } }), "number 0"],
    [changed({ educational_content: "read this" }), 'educational_content "read this"'],
  ])("%j", (value, says) => {
    expect(() => parseMessage(value)).toThrow(`a message with ${says} is none`);
  });
});
