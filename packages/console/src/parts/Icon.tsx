const PATHS = {
  clock: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2ZM8 5v3.2l2.2 1.5",
  check: "m3 8.5 3.2 3.2L13 4.8",
  alert: "M8 2.6 14 13H2L8 2.6ZM8 6.5v3M8 11.2v.3",
  cross: "m4 4 8 8m0-8-8 8",
  plus: "M8 3v10M3 8h10",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8 5 3.2Z",
  link: "M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.7.7M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.7-.7",
  search: "M7 2.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4ZM10.2 10.2 13.5 13.5",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.6h-2.6",
  system: "M2.5 3.5h11v7.5h-11zM6 13.5h4",
  sun: "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6ZM8 1.6v1.3M8 13.1v1.3M1.6 8h1.3M13.1 8h1.3M3.5 3.5l.9.9M11.6 11.6l.9.9M12.5 3.5l-.9.9M4.4 11.6l-.9.9",
  moon: "M13 9.6A5.4 5.4 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6Z",
} as const;

export type IconName = keyof typeof PATHS;

/** A sign on a control; what it does is said in words beside it. Those of statuses are `@headway-run/react`'s. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="hw-icon" data-icon={name} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
