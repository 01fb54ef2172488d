import type { Tone } from "../model/status.ts";

interface BarProps {
  /** What makes progress. */
  label: string;
  /** 0 to 100, or null when nobody knows. */
  percent: number | null;
  /** The same in words, with what is being done. */
  text: string;
  tone?: Tone;
}

/** A bar that only says what is known. It is not a live region: the page's status region speaks. */
export function Bar({ label, percent, text, tone = "busy" }: BarProps) {
  const known = percent === null ? {} : { "aria-valuenow": percent };
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...known}
      aria-valuetext={text}
      data-tone={tone}
      data-unknown={percent === null || undefined}
    >
      <div className="bar-fill" style={percent === null ? undefined : { inlineSize: `${percent}%` }} />
    </div>
  );
}
