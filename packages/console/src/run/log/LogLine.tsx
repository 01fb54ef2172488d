import { timeOfDay } from "@headway-run/react/words";
import { Link } from "@tanstack/react-router";
import { memo, type ReactNode } from "react";
import { fullTime } from "../../model/words.ts";
import type { Level, Line } from "./lines.ts";

const WORDS: Record<Level, string> = {
  debug: "debug",
  info: "info",
  warning: "warn",
  error: "error",
  critical: "crit",
};

interface LogLineProps {
  line: Line;
  words: string;
  /** The address names it. */
  named: boolean;
}

/** A line: its number, which is its address, when, how severe, what. */
export const LogLine = memo(function LogLine({ line, words, named }: LogLineProps) {
  const { fields, level, seq, text, time } = line;
  return (
    <p className="log-line" data-level={level} data-named={named || undefined}>
      <Link
        to="."
        search={{ tab: "log", seq }}
        className="log-seq"
        title="Address of this line"
        replace
        resetScroll={false}
      >
        {seq}
      </Link>
      <time dateTime={time} title={fullTime(time)}>
        {clock(time)}
      </time>
      <span className="log-level">{WORDS[level]}</span>
      <span className="log-text">
        <Marked text={text} words={words} />
        {fields && (
          <span className="log-fields">
            {" "}
            <Marked text={fields} words={words} />
          </span>
        )}
      </span>
    </p>
  );
});

/** `12:03:11.042`, as the reader's clock shows it. */
function clock(time: string): string {
  const moment = new Date(time);
  return `${timeOfDay(moment.getTime())}.${`${moment.getMilliseconds()}`.padStart(3, "0")}`;
}

function Marked({ text, words }: { text: string; words: string }): ReactNode {
  const wanted = words
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (wanted.length === 0) return text;
  const parts = text.split(new RegExp(`(${wanted.join("|")})`, "gi"));
  // biome-ignore lint/suspicious/noArrayIndexKey: every second part is what was looked for
  return parts.map((part, place) => (place % 2 === 1 ? <mark key={place}>{part}</mark> : part));
}
