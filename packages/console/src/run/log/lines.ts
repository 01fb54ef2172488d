/** The lines of a run's log, and which of them are looked for. */

import type { Log, RunEvent } from "@headway-run/client";

export const LEVELS = ["debug", "info", "warning", "error", "critical"] as const;
export type Level = (typeof LEVELS)[number];

export interface Line {
  readonly seq: number;
  readonly time: string;
  readonly level: Level;
  readonly text: string;
  /** `page=3 host=tables.example`: what was said beside the text. */
  readonly fields: string;
}

/** So many are kept; the oldest make room. */
export const LINES_MAX = 50_000;
/** On every line of a run, and on the page already. */
const KNOWN = new Set(["run_id", "execution_id", "correlation_id", "attempt", "job"]);

export class Lines {
  #lines: Line[] = [];
  /** How many made room. */
  dropped = 0;

  get all(): readonly Line[] {
    return this.#lines;
  }

  apply(events: readonly RunEvent[]): void {
    for (const event of events)
      if (event.type === "log") this.#lines.push(lineOf(event.seq, event.at ?? event.time, event.data));
    const over = this.#lines.length - LINES_MAX;
    if (over < LINES_MAX / 10) return; // not line by line: each time all move up
    this.#lines = this.#lines.slice(over);
    this.dropped += over;
  }
}

function lineOf(seq: number, time: string, { level, text, fields }: Log): Line {
  const beside = Object.entries(fields).filter(([name, value]) => !KNOWN.has(name) && value !== null);
  return { seq, time, level, text, fields: beside.map(([name, value]) => `${name}=${plain(value)}`).join(" ") };
}

function plain(value: unknown): string {
  return typeof value === "string" && !/[\s"=]/.test(value) ? value : JSON.stringify(value);
}

export interface Wanted {
  /** This and what is more severe. */
  readonly level: Level;
  /** Words, all of which stand in the line. */
  readonly text: string;
}

export function filterLines(lines: readonly Line[], { level, text }: Wanted): readonly Line[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const least = LEVELS.indexOf(level);
  if (words.length === 0 && least === 0) return lines;
  return lines.filter((line) => {
    if (LEVELS.indexOf(line.level) < least) return false;
    const said = `${line.text} ${line.fields}`.toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

/** Place of the first line at or behind a seq; the number of lines when there is none. */
export function placeOf(lines: readonly Line[], seq: number): number {
  let [from, to] = [0, lines.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((lines[middle]?.seq ?? 0) < seq) from = middle + 1;
    else to = middle;
  }
  return from;
}
