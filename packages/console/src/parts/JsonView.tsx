import { useState } from "react";

/** So many entries are drawn at first; more on demand. */
const ENTRIES = 100;
/** Longer texts are cut until somebody wants to read them. */
const TEXT = 400;

interface JsonViewProps {
  value: unknown;
  /** Before the value. */
  name?: string;
  /** Levels that are open at first. */
  open?: number;
}

/** Any JSON as a tree one can open. */
export function JsonView({ value, name, open = 2 }: JsonViewProps) {
  return (
    <div className="json">
      <Node value={value} name={name} open={open} />
    </div>
  );
}

function Node({ value, name, open }: { value: unknown; name: string | undefined; open: number }) {
  if (typeof value !== "object" || value === null) {
    return (
      <div className="json-leaf">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.map((one, place) => [`${place}`, one])
    : Object.entries(value);
  if (entries.length === 0) {
    return (
      <div className="json-leaf">
        <Name name={name} />
        <span className="muted">{Array.isArray(value) ? "[]" : "{}"}</span>
      </div>
    );
  }
  return (
    <details className="json-node" open={open > 0}>
      <summary>
        <Name name={name} />
        <span className="muted">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      <Entries entries={entries} open={open - 1} />
    </details>
  );
}

function Entries({ entries, open }: { entries: readonly [string, unknown][]; open: number }) {
  const [shown, setShown] = useState(ENTRIES);
  return (
    <div className="json-entries">
      {entries.slice(0, shown).map(([key, each]) => (
        <Node key={key} name={key} value={each} open={open} />
      ))}
      {entries.length > shown && (
        <button type="button" className="hw-button" data-small onClick={() => setShown(shown + ENTRIES)}>
          {entries.length - shown} more
        </button>
      )}
    </div>
  );
}

function Name({ name }: { name: string | undefined }) {
  return name === undefined ? null : <span className="json-name">{name}: </span>;
}

function Leaf({ value }: { value: unknown }) {
  const [whole, setWhole] = useState(false);
  if (typeof value !== "string") return <span className="json-plain">{`${value}`}</span>;
  const cut = !whole && value.length > TEXT;
  return (
    <span className="json-text">
      {cut ? `${value.slice(0, TEXT)}…` : value}
      {cut && (
        <button type="button" className="hw-button" data-small onClick={() => setWhole(true)}>
          All of it
        </button>
      )}
    </span>
  );
}
