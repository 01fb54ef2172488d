import type { RunSummary } from "@headway-run/client";
import { useHeadway, useKeptFocus } from "@headway-run/react";
import { Badge } from "@headway-run/react/components";
import { ago, hasEnded, runSign } from "@headway-run/react/words";
import { useEffect, useState } from "react";
import type { Later } from "../hooks/useLater.ts";
import { isOver, LATER_S, laterText, type Waiting } from "../model/later.ts";
import { strategyHref } from "../model/route.ts";

/** The strategies there are, and those somebody wants to be told about. Asked for now and then, never streamed. */
export function StrategyList({ later }: { later: Later }) {
  const headway = useHeadway();
  const [runs, setRuns] = useState<readonly RunSummary[] | null>(null);
  useEffect(() => {
    const look = () =>
      headway.runs({ job: "strategy", limit: 12 }).then(
        ({ runs }) => setRuns(runs),
        () => {},
      );
    void look();
    const timer = setInterval(look, LATER_S * 1000);
    return () => clearInterval(timer);
  }, [headway]);
  const waited = new Set(later.waiting.map(({ id }) => id));
  const others = (runs ?? []).filter(({ id }) => !waited.has(id));
  const kept = useKeptFocus<HTMLElement>();
  return (
    <section className="hw-panel" aria-labelledby="strategies" {...kept}>
      <h2 id="strategies">Strategies</h2>
      <ul className="strategies">
        {later.waiting.map((one) => (
          <Told key={one.id} waiting={one} onSeen={() => later.remove(one.id)} />
        ))}
        {others.map((run) => (
          <li key={run.id}>
            <a href={strategyHref(run.id)}>{run.title}</a>
            <Badge
              {...runSign(run.status, false, {
                running: "Being written",
                succeeded: "Ready",
                partial: "Ready, in part",
              })}
            />
            <small className="hw-muted">{ago(Date.now() - Date.parse(run.created_at))}</small>
          </li>
        ))}
      </ul>
      {runs !== null && waited.size + others.length === 0 && <p className="hw-muted">None so far.</p>}
      {runs === null && waited.size === 0 && <p className="hw-muted">Loading…</p>}
      {runs?.some(({ status }) => !hasEnded(status)) && (
        <p className="hw-muted">
          <small>The list is looked at every {LATER_S} seconds.</small>
        </p>
      )}
    </section>
  );
}

function Told({ waiting, onSeen }: { waiting: Waiting; onSeen: () => void }) {
  const { gone, id, mode, title, message } = waiting;
  const over = isOver(waiting);
  const good = !gone && message?.event !== "error";
  return (
    <li className="told" data-over={over || undefined}>
      <a href={strategyHref(id, mode)} onClick={onSeen}>
        {title}
      </a>
      {over && (
        <Badge
          word={good ? "Ready" : gone ? "Gone" : "Not made"}
          icon={good ? "check" : "cross"}
          tone={good ? "good" : "bad"}
        />
      )}
      <small className="hw-muted" role="status">
        {laterText(waiting)}
      </small>
      {over && (
        <button type="button" className="hw-button" aria-label={`Dismiss: ${title}`} onClick={onSeen}>
          Dismiss
        </button>
      )}
    </li>
  );
}
