import type { ErrorEntry, RunHandle, Snapshot } from "@headway-run/client";
import { Badge, Problem } from "@headway-run/react/components";
import { hasEnded, severitySign } from "@headway-run/react/words";
import { type ReactNode, useState } from "react";
import { many } from "../../model/words.ts";
import { CopyButton } from "../../parts/CopyButton.tsx";
import { JsonView } from "../../parts/JsonView.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { Ago } from "../../parts/Time.tsx";
import { ItemResult, type Named } from "./ItemResult.tsx";

/** So many cards are drawn at first; more on demand. */
const CARDS = 60;

export interface ResultsTabProps {
  run: Snapshot;
  handle: RunHandle;
  /** What is shown may be old. */
  stale: boolean;
}

/** What came of a run: what went wrong first, then its result, then part after part in the order of the plan. */
export function ResultsTab(props: ResultsTabProps) {
  const { run } = props;
  const ended = hasEnded(run.status);
  if (isEmpty(run)) {
    return (
      <Notice title="No results">
        {ended ? "This run has returned nothing." : "Nothing has come of this run yet."}
      </Notice>
    );
  }
  return (
    <div className="stack" aria-busy={!ended}>
      {run.error && <Problem hint={run.error.hint}>{run.error.message}</Problem>}
      <Items {...props} />
      {Object.keys(run.custom).length > 0 && (
        <Group title="Other values">
          <div className="hw-panel">
            <JsonView value={run.custom} open={3} />
          </div>
        </Group>
      )}
      {run.notes.length > 0 && <Notes run={run} />}
      {run.errors.length > 0 && <Troubles errors={run.errors} />}
    </div>
  );
}

function isEmpty({ custom, error, errors, items, notes, result }: Snapshot): boolean {
  const parts = [items, custom, errors, notes].some((some) => Object.keys(some).length > 0);
  return !parts && result === null && error === null;
}

function Items(props: ResultsTabProps) {
  const { run } = props;
  const below = grouped(run);
  const top = below.get(null) ?? [];
  const failed = top.filter(([, item]) => item.status === "failed");
  const rest = top.filter(([, item]) => item.status !== "failed");
  return (
    <>
      {failed.length > 0 && (
        <Group title={`${failed.length} of ${many(top.length, "item")} failed`}>
          <Cards {...props} items={failed} below={below} />
        </Group>
      )}
      {run.result !== null && <Result result={run.result} />}
      {rest.length > 0 && (
        <Group title={failed.length > 0 ? "The others" : many(top.length, "item")}>
          <Cards {...props} items={rest} below={below} />
        </Group>
      )}
    </>
  );
}

/** Items in the order they came, by the key of the one they are a part of; null: of none. */
function grouped(run: Snapshot): Map<string | null, Named[]> {
  const items: Named[] = Object.entries(run.items).sort(([, one], [, other]) => one.seq - other.seq);
  const below = new Map<string | null, Named[]>();
  for (const [key, item] of items) {
    const parent = item.parent !== null && run.items[item.parent] ? item.parent : null;
    const beside = below.get(parent);
    if (beside) beside.push([key, item]);
    else below.set(parent, [[key, item]]);
  }
  return below;
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="stack" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Result({ result }: { result: unknown }) {
  return (
    <section className="hw-panel stack" aria-label="Result">
      <div className="head-line">
        <h2>Result</h2>
        <span className="push" />
        <CopyButton text={() => JSON.stringify(result, null, 2)}>Copy JSON</CopyButton>
      </div>
      <JsonView value={result} open={3} />
    </section>
  );
}

interface CardsProps extends ResultsTabProps {
  items: readonly Named[];
  below: ReadonlyMap<string | null, readonly Named[]>;
}

const NOTHING: readonly Named[] = [];

function Cards({ items, below, run, handle, stale }: CardsProps) {
  const [shown, setShown] = useState(CARDS);
  return (
    <>
      <ol className="cards">
        {items.slice(0, shown).map(([key, item]) => (
          <ItemResult
            key={key}
            name={key}
            item={item}
            parts={below.get(key) ?? NOTHING}
            run={run}
            handle={handle}
            stale={stale}
          />
        ))}
      </ol>
      {items.length > shown && (
        <button type="button" className="hw-button start" onClick={() => setShown(shown + CARDS)}>
          Show {Math.min(CARDS, items.length - shown)} more of {items.length.toLocaleString("en")}
        </button>
      )}
    </>
  );
}

function Notes({ run }: { run: Snapshot }) {
  return (
    <Group title="Notes">
      <ul className="hw-panel lines">
        {run.notes.toReversed().map(({ seq, title, body, time }) => (
          <li key={seq}>
            {title && <strong>{title}</strong>}
            <p>{body}</p>
            <small className="muted">
              <Ago time={time} />
            </small>
          </li>
        ))}
      </ul>
    </Group>
  );
}

/** What went wrong on the way: most of it was tried again, and is no matter any more. */
function Troubles({ errors }: { errors: readonly ErrorEntry[] }) {
  return (
    <details className="hw-panel">
      <summary>
        <h2>What went wrong on the way ({errors.length})</h2>
      </summary>
      <ul className="lines">
        {errors.toReversed().map(({ seq, severity, message, time }) => (
          <li key={seq}>
            <Badge {...severitySign(severity)} />
            <p>{message}</p>
            <small className="muted">
              <Ago time={time} />
            </small>
          </li>
        ))}
      </ul>
    </details>
  );
}
