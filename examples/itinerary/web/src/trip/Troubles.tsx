import type { Snapshot } from "@headway-run/client";
import { reasonIn, troubleSign, troublesOf } from "../model/troubles.ts";
import { count, sentence, timeOfDay } from "../model/words.ts";
import { Badge } from "../parts/Badge.tsx";

/** What went wrong on the way, for those who want to know. What needs somebody stands on the day itself. */
export function Troubles({ run }: { run: Snapshot }) {
  const troubles = troublesOf(run);
  if (troubles.length === 0) return null;
  return (
    <details className="panel troubles">
      <summary>
        <h2>What went wrong on the way</h2> <span className="muted">{count(troubles.length, "report")}</span>
      </summary>
      <ol>
        {troubles.map(({ seq, severity, time, item, message }) => (
          <li key={seq}>
            <Badge {...troubleSign(severity)} />
            <time className="muted" dateTime={time}>
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
