import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSpeaker, type News, newsBetween, QUIET_MS } from "../../src/words/announce.ts";
import { DOWN, ENHANCING, PLANNING, STARTED, trip } from "../support/trip.ts";

const WORDS = { phases: { plan: "Plan the days" }, statuses: { succeeded: "Planned" } } as const;

function news(before: Parameters<typeof trip>, after: Parameters<typeof trip>): News {
  return newsBetween({ run: trip(...before), outdated: false }, { run: trip(...after), outdated: false }, WORDS);
}

describe("news", () => {
  test("are phases and quarters, not every percent", () => {
    expect(news(STARTED, PLANNING)).toEqual({ phase: "Plan the days." });
    expect(news(PLANNING, [...PLANNING, ["item.progressed", { key: "day:1", done: 1, total: 5 }]])).toEqual({});
    expect(news(PLANNING, [...PLANNING, ["item.finished", { key: "day:1" }]])).toEqual({ percent: "25 % done." });
  });

  test("are days that fail, by name", () => {
    const failed = [...PLANNING, ["item.failed", { key: "day:1", error: DOWN }]] as Parameters<typeof trip>;
    expect(news(PLANNING, failed).failed).toBe("1 day failed: Paris, Sat 5 Dec.");
    expect(news(failed, failed)).toEqual({});
  });

  test("count what fails below another with it", () => {
    const place = ["item.failed", { key: "day:1/paris.louvre", error: DOWN }] as const;
    expect(news(ENHANCING, [...ENHANCING, [...place]]).failed).toBeUndefined();
  });

  test("are the end, and nothing beside it", () => {
    expect(news(PLANNING, [...PLANNING, ["run.succeeded", {}]])).toEqual({
      status: "Paris · Rome: planned.",
      percent: "100 % done.",
    });
    expect(news(PLANNING, [...PLANNING, ["run.cancelled", {}]])).toEqual({ status: "Paris · Rome: cancelled." });
  });

  test("are a connection that is lost for long, and that it is back", () => {
    const run = trip(...PLANNING);
    const [lost, well] = [
      { run, outdated: true },
      { run, outdated: false },
    ];
    expect(newsBetween(well, lost).connection).toBe("Connection lost. The job keeps running.");
    expect(newsBetween(lost, well).connection).toBe("Connection restored.");
  });
});

describe("the speaker", () => {
  const said: string[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    said.length = 0;
  });
  afterEach(() => vi.useRealTimers());

  test("speaks at once, then not before the pause is over", () => {
    const speaker = createSpeaker((text) => said.push(text));
    speaker.tell({ phase: "Plan the days." });
    speaker.tell({ percent: "25 % done." });
    vi.advanceTimersByTime(QUIET_MS - 1);
    expect(said).toEqual(["Plan the days."]);
    vi.advanceTimersByTime(1);
    expect(said).toEqual(["Plan the days.", "25 % done."]);
    vi.advanceTimersByTime(QUIET_MS);
    speaker.tell({ percent: "50 % done." });
    expect(said).toHaveLength(3);
  });

  test("drops what something later made pointless", () => {
    const speaker = createSpeaker((text) => said.push(text));
    speaker.tell({ phase: "Plan the days." });
    speaker.tell({ percent: "25 % done.", failed: "1 day failed." });
    speaker.tell({ percent: "50 % done." });
    vi.advanceTimersByTime(QUIET_MS);
    expect(said.at(-1)).toBe("50 % done. 1 day failed.");
  });

  test("says nothing when there is nothing, and no more once it is stopped", () => {
    const speaker = createSpeaker((text) => said.push(text));
    speaker.tell({});
    speaker.tell({ phase: "Write it up." });
    speaker.tell({ percent: "75 % done." });
    speaker.stop();
    vi.advanceTimersByTime(QUIET_MS);
    expect(said).toEqual(["Write it up."]);
  });
});
