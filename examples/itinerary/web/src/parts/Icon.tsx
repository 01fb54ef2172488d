import type { IconName } from "../model/status.ts";

type Name = IconName | "plus" | "walk" | "meal" | "external";

const PATHS: Record<Name, string> = {
  circle: "M8 3.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6Z",
  clock: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2ZM8 5v3.2l2.2 1.5",
  busy: "M8 2.2a5.8 5.8 0 1 1-5.8 5.8",
  check: "m3 8.5 3.2 3.2L13 4.8",
  alert: "M8 2.6 14 13H2L8 2.6ZM8 6.5v3M8 11.2v.3",
  cross: "m4 4 8 8m0-8-8 8",
  stop: "M4.5 4.5h7v7h-7z",
  plus: "M8 3v10M3 8h10",
  walk: "M2 8h8.5M7.5 4.5 11 8l-3.5 3.5",
  meal: "M5 2.5v11M3 2.5v3a2 2 0 0 0 4 0v-3M11 13.5v-11c-1.5.6-2 2.4-2 4.5 0 1.4.7 2 2 2",
  external: "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
};

/** A sign beside a word; it says nothing by itself. */
export function Icon({ name }: { name: Name }) {
  return (
    <svg className="icon" data-icon={name} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
