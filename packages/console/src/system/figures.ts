/** Numbers of the system page: rates from counts, quantiles from histograms. Pure. */

import type { System, Times } from "./query.ts";

/** So many looks are drawn: five minutes. */
export const KEPT = 150;

export interface Sample {
  /** Seconds since the epoch, by the server's clock. */
  at: number;
  viewers: number;
  /** Counts by process: each begins anew when it is started again. */
  counts: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

export interface Moment {
  at: number;
  viewers: number;
  /** Per second since the moment before; null where nothing is known of it. */
  events: number | null;
  deliveries: number | null;
  connects: number | null;
}

export function sampleOf(system: System): Sample {
  return {
    at: Date.parse(system.at) / 1000,
    viewers: viewersOf(system),
    counts: new Map(system.processes.map(({ id, counts }) => [id, counts])),
  };
}

export function viewersOf({ viewers }: Pick<System, "viewers">): number {
  return viewers.reduce((sum, { count }) => sum + count, 0);
}

/** Add a sample, unless it is the last one again; the oldest gives way. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last && sample.at <= last.at) return samples;
  return [...samples.slice(-(KEPT - 1)), sample];
}

/**
 * How much of something happened per second between two samples, over the processes that are in both.
 *
 * @returns null where there is no such process, or no time between them.
 */
export function rate(before: Sample, after: Sample, name: string): number | null {
  const seconds = after.at - before.at;
  const both = [...after.counts].filter(([id]) => before.counts.has(id));
  if (seconds <= 0 || both.length === 0) return null;
  const more = both.map(([id, counts]) => (counts[name] ?? 0) - (before.counts.get(id)?.[name] ?? 0));
  return more.reduce((sum, count) => sum + Math.max(0, count), 0) / seconds;
}

export function moments(samples: readonly Sample[]): Moment[] {
  return samples.map((sample, index) => {
    const before = samples[index - 1];
    const of = (name: string) => (before ? rate(before, sample, name) : null);
    const { at, viewers } = sample;
    return { at, viewers, events: of("events"), deliveries: of("deliveries"), connects: of("connects") };
  });
}

/** How many values a histogram has. */
export function total({ counts }: Times): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The value below which a share of all values lies, in the manner of Prometheus: evenly spread within a bucket.
 *
 * @returns null without values; infinity where it lies above the last bound.
 */
export function quantile(times: Times, share: number): number | null {
  const wanted = total(times) * share;
  if (wanted === 0) return null;
  let below = 0;
  for (const [index, count] of times.counts.entries()) {
    if (count > 0 && below + count >= wanted) {
      const [from, to] = [times.bounds[index - 1] ?? 0, times.bounds[index] ?? Number.POSITIVE_INFINITY];
      return to === Number.POSITIVE_INFINITY ? to : from + ((to - from) * (wanted - below)) / count;
    }
    below += count;
  }
  return null;
}

export interface Bucket {
  /** As `up to 5 ms`. */
  label: string;
  count: number;
}

export function buckets({ bounds, counts }: Times): Bucket[] {
  return counts.map((count, index) => {
    const bound = bounds[index];
    return { label: bound === undefined ? `> ${short(bounds.at(-1) ?? 0)}` : short(bound), count };
  });
}

/** `0.5 ms`, `25 ms`, `2.5 s`: of a bound, in seconds. */
export function short(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return "∞";
  const [amount, unit] = seconds < 1 ? [seconds * 1000, "ms"] : [seconds, "s"];
  return `${amount < 10 ? Number(amount.toPrecision(2)) : Math.round(amount)} ${unit}`;
}

/** `0`, `0.4`, `12`, `1,204`: of a rate. */
export function perSecond(value: number | null): string {
  if (value === null) return "–";
  const rounded = value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
  return rounded.toLocaleString("en");
}

/** `640 B`, `12.3 kB`, `1.5 GB`. */
export function bytes(amount: number): string {
  const units = ["kB", "MB", "GB", "TB"];
  if (amount < 1000) return `${amount} B`;
  let [value, unit] = [amount / 1000, 0];
  while (value >= 999.95 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value.toFixed(1)} ${units[unit]}`;
}
