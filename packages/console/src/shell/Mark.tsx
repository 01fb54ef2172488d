/** The sign of Headway: bars that move on. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <g>
        <rect x="6" y="8" width="9" height="4" rx="2" />
        <rect x="10" y="14" width="12" height="4" rx="2" />
        <rect x="17" y="20" width="9" height="4" rx="2" />
      </g>
    </svg>
  );
}
