/** From times to places on the timeline: as long as something works, in proportion; a wait in which nothing does is cut short. */

import type { Row } from "./model.ts";

/** A wait this long is cut short. */
export const GAP_MS = 60_000;
/** What is left of it, as a part of all the rest. */
const GAP_PART = 0.06;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
const MARKS_MAX = 6;

export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface Mark {
  /** 0 to 1. */
  readonly at: number;
  /** Time since the start. */
  readonly ms: number;
}

export interface Scale {
  readonly start: number;
  readonly end: number;
  readonly gaps: readonly Gap[];
  readonly marks: readonly Mark[];
  /** Place of a time, 0 to 1. */
  at(ms: number): number;
}

/** @param now End of what goes on. */
export function createScale(rows: readonly Row[], now: number): Scale {
  const times = rows.flatMap(({ segments, ticks }) => [
    ...segments.flatMap(({ from, to }) => [from, to ?? now]),
    ...ticks.map(({ at }) => at),
  ]);
  const start = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  if (!Number.isFinite(start)) return { start: now, end: now, gaps: [], marks: [], at: () => 0 };
  const end = times.reduce((most, time) => Math.max(most, time), start + 1);
  const idle = idleSpans(rows, start, end, now);
  const waits = idle.filter(({ from, to }) => to - from > GAP_MS);
  const rest = end - start - waits.reduce((sum, { from, to }) => sum + to - from, 0);
  const short = Math.max(rest * GAP_PART, 1);
  const gaps = waits.filter(({ from, to }) => to - from > short);
  const drawn = end - start - gaps.reduce((sum, { from, to }) => sum + to - from - short, 0);
  const at = (ms: number) => {
    let place = Math.min(Math.max(ms, start), end) - start;
    for (const { from, to } of gaps) {
      if (ms >= to) place -= to - from - short;
      else if (ms > from) place -= (ms - from) * (1 - short / (to - from));
    }
    return place / drawn;
  };
  return { start, end, gaps, at, marks: marksOf(start, end, drawn, gaps, at) };
}

/** When nothing worked, within the whole. */
function idleSpans(rows: readonly Row[], start: number, end: number, now: number): Gap[] {
  const worked = rows
    .flatMap(({ segments }) => segments)
    .filter(({ kind }) => kind !== "queued" && kind !== "waiting")
    .map(({ from, to }) => ({ from, to: to ?? now }))
    .sort((one, other) => one.from - other.from);
  const spans: Gap[] = [];
  let free = start;
  for (const { from, to } of worked) {
    if (from > free) spans.push({ from: free, to: from });
    free = Math.max(free, to);
  }
  if (end > free) spans.push({ from: free, to: end });
  return spans;
}

function marksOf(start: number, end: number, drawn: number, gaps: readonly Gap[], at: (ms: number) => number): Mark[] {
  const step =
    (STEPS_S.find((seconds) => seconds * 1_000 * MARKS_MAX >= drawn) ??
      86_400 * Math.ceil(drawn / 86_400_000 / MARKS_MAX)) * 1_000;
  const marks: Mark[] = [{ at: 0, ms: 0 }];
  let last = 0;
  for (let ms = step; ms <= end - start && marks.length < 50; ms += step) {
    const gap = gaps.find(({ from, to }) => start + ms > from && start + ms < to);
    if (gap) {
      ms = Math.floor((gap.to - start) / step) * step; // go on behind it
      continue;
    }
    const place = at(start + ms);
    if (place - last < 0.5 / MARKS_MAX || place > 0.97) continue;
    marks.push({ at: place, ms });
    last = place;
  }
  return marks;
}
