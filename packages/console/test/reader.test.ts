import { HeadwayError, type RunEvent } from "@headway-run/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createReader, type LogPage, type Reader, type ReaderState } from "../src/run/reader.ts";
import { eventOf } from "./events.ts";

/** A log on a server, read in pages of two. */
function world(events: RunEvent[]) {
  const log = [...events];
  const taken: number[] = [];
  let state: ReaderState | undefined;
  const failures: HeadwayError[] = [];
  const asked: (string | null)[] = [];
  const readPage = async (after: string | null): Promise<LogPage> => {
    asked.push(after);
    const failure = failures.shift();
    if (failure) throw failure;
    const rest = log.filter(({ seq }) => seq > Number(after ?? 0));
    const page = rest.slice(0, 2);
    const head = log.at(-1)?.seq ?? 0;
    return { events: page, cursor: `${page.at(-1)?.seq ?? head}`, head, more: rest.length > 2, partial: false };
  };
  const reader: Reader = createReader({
    readPage,
    wants: ({ type }) => type === "log",
    onEvents: (some) => taken.push(...some.map(({ seq }) => seq)),
    onState: (now) => {
      state = now;
    },
    retryMs: 1_000,
  });
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { log, taken, failures, asked, reader, settle, state: () => state };
}

function line(seq: number): RunEvent {
  return eventOf(seq, "log", { level: "info", text: `line ${seq}`, fields: {} });
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a reader", () => {
  it("reads all pages, then takes what comes live", async () => {
    const { reader, settle, state, taken } = world([1, 2, 3, 4, 5].map(line));
    reader.start();
    await settle();
    expect(taken).toEqual([1, 2, 3, 4, 5]);
    expect(state()).toMatchObject({ seen: 5, head: 5, complete: true });
    reader.live(line(6));
    expect(taken).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("takes an event once, also when it came live while the page with it was read", async () => {
    const { log, reader, settle, taken } = world([1, 2, 3].map(line));
    reader.start();
    log.push(line(4));
    reader.live(line(4));
    await settle();
    reader.live(line(4));
    expect(taken).toEqual([1, 2, 3, 4]);
  });

  it("goes on when it is stopped and started again while a page is on its way", async () => {
    const { reader, settle, state, taken } = world([1, 2, 3, 4, 5].map(line));
    reader.start();
    reader.stop();
    reader.start();
    await settle();
    expect(taken).toEqual([1, 2, 3, 4, 5]);
    expect(state()).toMatchObject({ complete: true });
  });

  it("looks past events it does not want", async () => {
    const { reader, settle, state, taken } = world([line(1), eventOf(2, "phase.started", { id: "a" })]);
    reader.start();
    await settle();
    reader.live(eventOf(3, "phase.finished", { id: "a" }));
    reader.live(line(4));
    expect(taken).toEqual([1, 4]);
    expect(state()?.complete).toBe(true);
  });

  it("reads what a gap in the live events hides", async () => {
    const { log, reader, settle, taken } = world([1, 2].map(line));
    reader.start();
    await settle();
    log.push(...[3, 4, 5].map(line));
    reader.live(line(5));
    await settle();
    expect(taken).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads what a snapshot stood for", async () => {
    const { asked, log, reader, settle, taken } = world([1, 2].map(line));
    reader.start();
    await settle();
    log.push(line(3));
    reader.known(3, "3");
    await settle();
    expect(taken).toEqual([1, 2, 3]);
    expect(asked).toEqual([null, "2"]);
  });

  it("goes on from where everything is known, not from the last page", async () => {
    const { asked, log, reader, settle } = world([line(1)]);
    reader.start();
    await settle();
    log.push(...[2, 3, 4, 5].map(line));
    for (const seq of [2, 3, 4]) reader.live(line(seq));
    reader.known(4, "4");
    reader.known(5, "5");
    await settle();
    expect(asked).toEqual([null, "4"]);
  });

  it("tries again after a while when a page cannot be read", async () => {
    const { failures, reader, settle, state, taken } = world([line(1)]);
    failures.push(new HeadwayError("network"));
    reader.start();
    await settle();
    expect(state()?.error?.category).toBe("network");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(taken).toEqual([1]);
    expect(state()?.error).toBeNull();
  });

  it("does not try again what will not be answered", async () => {
    const { asked, failures, reader, settle } = world([line(1)]);
    const problem = { code: "run_not_found" } as object;
    failures.push(new HeadwayError("not_found", null, { problem, status: 404 }));
    reader.start();
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual([null]);
  });

  it("does not take the word of a proxy for that of the server", async () => {
    const { failures, reader, settle, state, taken } = world([line(1)]);
    failures.push(new HeadwayError("not_found", null, { status: 404 }), new HeadwayError("protocol"));
    reader.start();
    await settle();
    expect(state()?.error?.category).toBe("not_found");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(taken).toEqual([1]);
    expect(state()?.error).toBeNull();
  });

  it("begins with what is left of a log that was trimmed", async () => {
    const { asked, failures, reader, settle, state } = world([line(7)]);
    const problem = { oldest: "6" } as object;
    failures.push(new HeadwayError("expired", "trimmed", { problem, status: 410 }));
    reader.start();
    await settle();
    expect(asked).toEqual([null, "6"]);
    expect(state()).toMatchObject({ partial: true, complete: true });
  });

  it("does not ask round and round for a log that is trimmed wherever it begins", async () => {
    const { asked, failures, reader, settle, state } = world([line(7)]);
    for (const oldest of ["4", "5", "6"]) {
      const problem = { oldest } as object;
      failures.push(new HeadwayError("expired", "trimmed", { problem, status: 410 }));
    }
    reader.start();
    await settle();
    expect(asked).toEqual([null, "4"]);
    await vi.advanceTimersByTimeAsync(999);
    expect(asked).toEqual([null, "4"]);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(asked).toEqual([null, "4", "5", "6"]);
    expect(state()).toMatchObject({ partial: true, complete: true });
  });

  it("is silent once it was stopped", async () => {
    const { reader, settle, taken } = world([line(1)]);
    reader.start();
    reader.stop();
    await settle();
    expect(taken).toEqual([]);
  });
});
