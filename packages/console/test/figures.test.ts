import { describe, expect, it } from "vitest";
import {
  buckets,
  bytes,
  KEPT,
  moments,
  perSecond,
  quantile,
  rate,
  type Sample,
  sampleOf,
  short,
  total,
  withSample,
} from "../src/system/figures.ts";
import type { System, Times } from "../src/system/query.ts";

function sample(at: number, counts: Record<string, Record<string, number>>, viewers = 0): Sample {
  return { at, viewers, counts: new Map(Object.entries(counts)) };
}

function times(counts: number[]): Times {
  return { bounds: [0.001, 0.01, 0.1], counts, sum: 0 };
}

describe("a rate", () => {
  it("is the difference of two looks over the time between them, of all processes", () => {
    const before = sample(100, { a: { events: 10 }, b: { events: 5 } });
    const after = sample(102, { a: { events: 30 }, b: { events: 7 } });
    expect(rate(before, after, "events")).toBe(11);
  });

  it("leaves out a process that was not there before: what it counted was counted before we looked", () => {
    const before = sample(100, { a: { events: 10 } });
    const after = sample(101, { a: { events: 12 }, b: { events: 9_000 } });
    expect(rate(before, after, "events")).toBe(2);
  });

  it("leaves out a process that has not answered, and never falls below nothing", () => {
    const before = sample(100, { a: { events: 10 }, b: { events: 900 } });
    expect(rate(before, sample(101, { a: { events: 11 } }), "events")).toBe(1);
    expect(rate(before, sample(101, { a: { events: 3 } }), "events")).toBe(0);
  });

  it("is unknown where no process was there both times, or no time has passed", () => {
    const before = sample(100, { a: { events: 10 } });
    expect(rate(before, sample(101, { b: { events: 10 } }), "events")).toBeNull();
    expect(rate(before, sample(100, { a: { events: 20 } }), "events")).toBeNull();
  });

  it("of something nobody counts yet is none", () => {
    expect(rate(sample(100, { a: {} }), sample(101, { a: { lagged: 3 } }), "lagged")).toBe(3);
    expect(rate(sample(100, { a: {} }), sample(101, { a: {} }), "lagged")).toBe(0);
  });
});

describe("samples", () => {
  it("are what was told, by the server's clock", () => {
    const told = {
      at: "2026-11-27T12:00:00.500Z",
      viewers: [
        { transport: "sse", client: "ts/0.1.0", count: 3 },
        { transport: "poll", client: "", count: 2 },
      ],
      processes: [{ id: "wrk_1", counts: { events: 7 } }],
    } as unknown as System;
    const taken = sampleOf(told);
    expect(taken).toMatchObject({ at: Date.parse(told.at) / 1000, viewers: 5 });
    expect(taken.counts.get("wrk_1")).toEqual({ events: 7 });
  });

  it("are kept in order, each once, and no more than are drawn", () => {
    let kept: readonly Sample[] = [];
    for (let at = 0; at < KEPT + 20; at++) kept = withSample(kept, sample(at, {}));
    expect(kept).toHaveLength(KEPT);
    expect(kept.at(-1)?.at).toBe(KEPT + 19);
    expect(withSample(kept, sample(KEPT + 19, {}))).toBe(kept);
    expect(withSample(kept, sample(3, {}))).toBe(kept);
  });

  it("become moments, of which nothing is known at first", () => {
    const drawn = moments([
      sample(0, { a: { events: 0, deliveries: 0, connects: 1 } }, 1),
      sample(2, { a: { events: 4, deliveries: 8, connects: 2 } }, 2),
    ]);
    expect(drawn).toEqual([
      { at: 0, viewers: 1, events: null, deliveries: null, connects: null },
      { at: 2, viewers: 2, events: 2, deliveries: 4, connects: 0.5 },
    ]);
  });
});

describe("a histogram", () => {
  it("has quantiles, evenly spread within a bucket", () => {
    expect(quantile(times([0, 10, 0, 0]), 0.5)).toBeCloseTo(0.0055);
    expect(quantile(times([50, 50, 0, 0]), 0.5)).toBeCloseTo(0.001);
    expect(quantile(times([98, 0, 2, 0]), 0.99)).toBeCloseTo(0.055);
    expect(quantile(times([1, 0, 0, 0]), 1)).toBeCloseTo(0.001);
  });

  it("without values has none, and past its last bound nobody knows", () => {
    expect(quantile(times([0, 0, 0, 0]), 0.99)).toBeNull();
    expect(quantile(times([1, 0, 0, 99]), 0.99)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is drawn bucket by bucket", () => {
    expect(total(times([1, 2, 3, 4]))).toBe(10);
    expect(buckets(times([1, 2, 3, 4]))).toEqual([
      { label: "1 ms", count: 1 },
      { label: "10 ms", count: 2 },
      { label: "100 ms", count: 3 },
      { label: "> 100 ms", count: 4 },
    ]);
  });
});

describe("amounts in words", () => {
  it.each([
    [0.0005, "0.5 ms"],
    [0.0025, "2.5 ms"],
    [0.0123, "12 ms"],
    [0.25, "250 ms"],
    [1, "1 s"],
    [2.5, "2.5 s"],
    [10, "10 s"],
    [Number.POSITIVE_INFINITY, "∞"],
  ])("%s s is short as %s", (seconds, text) => expect(short(seconds)).toBe(text));

  it.each([
    [null, "–"],
    [0, "0"],
    [0.44, "0.4"],
    [9.96, "10"],
    [12.4, "12"],
    [1204.4, "1,204"],
  ])("%s a second is %s", (value, text) => expect(perSecond(value)).toBe(text));

  it.each([
    [0, "0 B"],
    [640, "640 B"],
    [12_345, "12.3 kB"],
    [999_960, "1.0 MB"],
    [1.5e9, "1.5 GB"],
  ])("%s bytes are %s", (amount, text) => expect(bytes(amount)).toBe(text));
});
