// @vitest-environment node
import { expect, test } from "vitest";
import { version } from "../package.json" with { type: "json" };
import { addressOf, asked, defaultBaseUrl } from "../src/address.ts";

test.each([
  ["run_1", "/headway/v1/runs/run_1"],
  ["a run?", "/headway/v1/runs/a%20run%3F"],
  ["/other/v1/runs/run_1", "/other/v1/runs/run_1"],
  ["https://h.example/v1/runs/run_1/", "https://h.example/v1/runs/run_1"],
  ["https://h.example/x/v1/runs/run_1/stream", "https://h.example/x/v1/runs/run_1"],
  ["/v1/runs/run_1/events", "/v1/runs/run_1"],
])("%s is a run of Headway", (target, self) => {
  expect(addressOf(target, "/headway")).toEqual({
    self,
    stream: `${self}/stream`,
    state: self,
    events: `${self}/events`,
  });
});

test("what a run's address asks for besides is asked for wherever the run is read", () => {
  const self = "https://h.example/v1/runs/run_1";
  expect(addressOf(`${self}/stream?types=item`, "/headway")).toEqual({
    self,
    stream: `${self}/stream?types=item`,
    state: `${self}?types=item`,
    events: `${self}/events?types=item`,
  });
});

test.each(["/reports/run_1/events", "/reports/run_1?user=ada"])(
  "%s is a stream, polled at its own address",
  (target) => {
    expect(addressOf(target, "/headway")).toEqual({ self: undefined, stream: target, state: target, events: target });
  },
);

test("parameters are added to those that are there, and the client tells its version", () => {
  const client = `client=ts/${version}`;
  expect(asked("/stream")).toBe(`/stream?${client}`);
  expect(asked("/events", "&after=1.t")).toBe(`/events?${client}&after=1.t`);
  expect(asked("/events?user=ada", "&after=1.t")).toBe(`/events?user=ada&${client}&after=1.t`);
});

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
