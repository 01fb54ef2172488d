import type { Snapshot } from "@headway-run/client";
import { Badge } from "@headway-run/react/components";
import { count, reasonIn, sentence, severitySign, timeOfDay } from "@headway-run/react/words";

/** What went wrong on the way, for those who want to know. What needs somebody stands on the day itself. */
export function Troubles({ run }: { run: Snapshot }) {
  const troubles = run.errors.toReversed();
  if (troubles.length === 0) return null;
  return (
    <details className="hw-panel troubles">
      <summary>
        <h2>What went wrong on the way</h2> <span className="hw-muted">{count(troubles.length, "report")}</span>
      </summary>
      <ol>
        {troubles.map(({ seq, severity, time, item, message }) => (
          <li key={seq}>
            <Badge {...severitySign(severity)} />
            <time className="hw-muted" dateTime={time}>
              {timeOfDay(Date.parse(time))}
            </time>
            <p>
              {item && <strong>{run.items[item]?.title ?? item}. </strong>}
              {sentence(reasonIn(message))}
            </p>
          </li>
        ))}
      </ol>
    </details>
  );
}
