import { afterEach, describe, expect, test, vi } from "vitest";
import type { Note } from "../../src/index.ts";
import { maskedAddress } from "../../src/status/masked.ts";
import { createLog } from "../../src/status.ts";

const note = (sign: string, detail?: unknown): Note =>
  ({
    ...{ run: "/headway/v1/runs/run_1/stream?token=x", sign, detail },
    info: { state: "live", transport: "sse", attempt: 2, retryAt: null, trouble: null },
  }) as Note;
const ALL = [note("refused"), note("lost"), note("opened", "2026-11-21T09:00:00.000Z"), note("heard", 12)];

afterEach(() => localStorage.clear());

describe("a log", () => {
  test.each([
    ["off", []],
    ["error", ["error"]],
    ["warn", ["error", "warn"]],
    ["info", ["error", "warn", "info"]],
    ["debug", ["error", "warn", "info", "debug"]],
  ] as const)("of level %s writes so much", (level, wanted) => {
    const write = vi.fn();
    const log = createLog({ level, write });
    for (const one of ALL) log.observe(one);
    expect(write.mock.calls.map(([its]) => its)).toEqual(wanted);
  });

  test("names the run, what happened and how the connection stands; of an event only what it is", () => {
    const write = vi.fn();
    const log = createLog({ level: "debug", write });
    log.observe(note("applied", { seq: 7, type: "note", data: { body: "private" } }));
    log.observe(note("lost"));
    expect(write.mock.calls).toEqual([
      [
        "debug",
        "headway /headway/v1/runs/run_1/stream: applied, live by sse",
        { seq: 7, type: "note", attempt: 2, trouble: null },
      ],
      ["warn", "headway /headway/v1/runs/run_1/stream: lost, live by sse", { attempt: 2, trouble: null }],
    ]);
  });

  test("is off, unless the browser's storage says how much it writes", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    createLog().observe(note("lost"));
    expect(warn).not.toHaveBeenCalled();
    localStorage.setItem("headway:log", "warn");
    createLog().observe(note("lost"));
    expect(warn).toHaveBeenCalledOnce();
    localStorage.setItem("headway:log", "everything");
    createLog().observe(note("lost"));
    expect(warn).toHaveBeenCalledOnce();
  });

  test("is off where there is no storage", () => {
    vi.stubGlobal("localStorage", {
      getItem: () => {
        throw new DOMException("forbidden", "SecurityError");
      },
    });
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    createLog().observe(note("lost"));
    expect(warn).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
  });

  test("can be switched at any time", () => {
    const write = vi.fn();
    const log = createLog({ level: "off", write });
    log.setLevel("debug");
    log.observe(note("heard", 3));
    expect(write).toHaveBeenCalledOnce();
  });
});

test.each([
  ["https://ada:pw@example.org:8000/headway/v1/runs/run_1?token=x#y", "https://example.org:8000/headway/v1/runs/run_1"],
  ["/v1/runs/run_01a21e31ef1e76f38edd5a3e1a996aa1/stream", "/v1/runs/run_01a21e31ef1e76f38edd5a3e1a996aa1/stream"],
  ["/live/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x/1", "/live/…/1"],
  ["/live/a%20b", "/live/…"],
])("of an address %s this is shown: %s", (address, shown) => {
  expect(maskedAddress(address)).toBe(shown);
});
