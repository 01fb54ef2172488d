const KINDS = [
  ["queued", "Queued"],
  ["running", "Running"],
  ["waiting", "Waiting for an answer"],
  ["done", "Done"],
  ["failed", "Failed"],
  ["stopped", "Stopped"],
] as const;

/** What the bars mean. */
export function Legend() {
  return (
    <ul className="legend" aria-label="What the bars mean">
      {KINDS.map(([kind, word]) => (
        <li key={kind}>
          <i className="bar-piece" data-kind={kind} />
          {word}
        </li>
      ))}
    </ul>
  );
}
