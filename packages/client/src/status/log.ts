/** What connections do, written down; off until somebody wants to know. */

import type { Note } from "../note.ts";
import { maskedAddress, maskedError } from "./masked.ts";

/** The key in the browser's local storage that says how much is written down. */
const KEY = "headway:log";
const LEVELS = ["off", "error", "warn", "info", "debug"] as const;

/** Each with those before it: `error`: watching ended for good; `warn`: it broke; `info`: it changed; `debug`: all. */
export type LogLevel = (typeof LEVELS)[number];

export interface LogOptions {
  /** @defaultValue what `localStorage["headway:log"]` says, else `off` */
  level?: LogLevel;
  /** Where lines go. Tokens, queries and payloads are in none. @defaultValue the browser's console */
  write?: (level: Exclude<LogLevel, "off">, line: string, about: object) => void;
}

export interface Log {
  /** For `observe` of `Headway`, or as `log` of `createStatus`. */
  observe(note: Note): void;
  /** Write more or less from now on. */
  setLevel(level: LogLevel): void;
}

/** Make a log. `localStorage["headway:log"] = "debug"` and a reload switch it on for one browser. */
export function createLog({ level = chosen(), write = toConsole }: LogOptions = {}): Log {
  let most = LEVELS.indexOf(level);
  return {
    setLevel(wanted) {
      most = LEVELS.indexOf(wanted);
    },
    observe({ run, sign, info, detail }) {
      const its = OF_SIGN[sign] ?? "info";
      if (LEVELS.indexOf(its) > most) return;
      const { state, transport, attempt, trouble } = info;
      const event = typeof detail === "object" ? { seq: detail.seq, type: detail.type } : { detail };
      const about = { ...event, attempt, trouble: trouble && maskedError(trouble) };
      write(its, `headway ${maskedAddress(run)}: ${sign}, ${state} by ${transport}`, about);
    },
  };
}

const OF_SIGN: Partial<Record<Note["sign"], Exclude<LogLevel, "off">>> = {
  refused: "error",
  lost: "warn",
  lostOffline: "warn",
  quiet: "warn",
  gap: "warn",
  heard: "debug",
  applied: "debug",
  duplicate: "debug",
};

function chosen(): LogLevel {
  try {
    const level = localStorage.getItem(KEY) as LogLevel;
    return LEVELS.includes(level) ? level : "off";
  } catch {
    return "off"; // there is no storage, or it is forbidden
  }
}

function toConsole(level: Exclude<LogLevel, "off">, line: string, about: object): void {
  // biome-ignore lint/suspicious/noConsole: somebody asked for it
  console[level](line, about);
}
