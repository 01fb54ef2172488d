const PATHS = {
  plus: "M8 3v10M3 8h10",
  walk: "M2 8h8.5M7.5 4.5 11 8l-3.5 3.5",
  meal: "M5 2.5v11M3 2.5v3a2 2 0 0 0 4 0v-3M11 13.5v-11c-1.5.6-2 2.4-2 4.5 0 1.4.7 2 2 2",
  external: "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
};

/** A sign beside a word, of those that only trips have; it says nothing by itself. */
export function TripIcon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="hw-icon" data-icon={name} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
