import type { ReactNode } from "react";
import type { IconName } from "../words/status.ts";

const PATHS: Record<IconName, string> = {
  circle: "M8 3.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6Z",
  clock: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2ZM8 5v3.2l2.2 1.5",
  busy: "M8 2.2a5.8 5.8 0 1 1-5.8 5.8",
  check: "m3 8.5 3.2 3.2L13 4.8",
  alert: "M8 2.6 14 13H2L8 2.6ZM8 6.5v3M8 11.2v.3",
  cross: "m4 4 8 8m0-8-8 8",
  stop: "M4.5 4.5h7v7h-7z",
};

export interface IconProps {
  name: IconName;
}

/** A sign beside a word; it says nothing by itself. */
export function Icon({ name }: IconProps): ReactNode {
  return (
    <svg className="hw-icon" data-icon={name} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
