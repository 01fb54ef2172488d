import { type ReactNode, useRef } from "react";
import type { Tone } from "../words/status.ts";

export interface ProgressBarProps {
  /** What makes progress. */
  label: string;
  /** 0 to 100, or null when nobody knows. */
  percent: number | null;
  /** The same in words, with what is being done: `42 %, searching hotels`. */
  text: string;
  tone?: Tone | undefined;
  /** A bar does not move backwards as long as this is the same; the next attempt may begin lower. */
  attempt?: string | number | undefined;
}

/** A bar that only says what is known. It is not a live region: the page's `RunAnnouncer` speaks. */
export function ProgressBar({ label, percent, text, tone = "busy", attempt }: ProgressBarProps): ReactNode {
  const shown = useHighest(percent, attempt);
  const known = shown === null ? {} : { "aria-valuenow": shown };
  return (
    <div
      className="hw-bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...known}
      aria-valuetext={text}
      data-tone={tone}
      data-unknown={shown === null || undefined}
    >
      <div className="hw-bar-fill" style={shown === null ? undefined : { inlineSize: `${shown}%` }} />
    </div>
  );
}

function useHighest(percent: number | null, attempt: string | number | undefined): number | null {
  const before = useRef({ attempt, highest: 0 });
  if (percent === null) return null;
  const floor = before.current.attempt === attempt ? before.current.highest : 0;
  const highest = Math.min(100, Math.max(floor, percent));
  before.current = { attempt, highest };
  return highest;
}
