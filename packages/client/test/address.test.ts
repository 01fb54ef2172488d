// @vitest-environment node
import { expect, test } from "vitest";
import { addressOf, defaultBaseUrl } from "../src/address.ts";

test.each([
  ["run_1", "/headway/v1/runs/run_1"],
  ["a run?", "/headway/v1/runs/a%20run%3F"],
  ["/other/v1/runs/run_1", "/other/v1/runs/run_1"],
  ["https://h.example/v1/runs/run_1/", "https://h.example/v1/runs/run_1"],
  ["https://h.example/x/v1/runs/run_1/stream", "https://h.example/x/v1/runs/run_1"],
])("%s is a run of Headway", (target, self) => {
  expect(addressOf(target, "/headway")).toEqual({ self, stream: `${self}/stream` });
});

test.each(["/reports/run_1/events", "https://h.example/v1/runs/run_1/stream?token=x", "/v1/runs/run_1/events"])(
  "%s is a stream and nothing more",
  (target) => {
    expect(addressOf(target, "/headway")).toEqual({ self: null, stream: target });
  },
);

test.each([
  ["https://h.example/headway/client.js", "https://h.example/headway"],
  ["http://127.0.0.1:8000/client.js?v=2", "http://127.0.0.1:8000"],
  ["https://h.example/assets/index-abc.js", ""],
  ["file:///srv/client.js", ""],
])("loaded from %s, Headway is at %j", (module, base) => {
  expect(defaultBaseUrl(module)).toBe(base);
});

test("in this test the origin is all that is known", () => {
  expect(defaultBaseUrl()).toBe("");
});
