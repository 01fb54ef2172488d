import type { Snapshot } from "@headway-run/client";
import { currentPhase, phaseDetail, phaseTitle } from "../model/progress.ts";
import { hasEnded, phaseSign } from "../model/status.ts";
import { Icon } from "../parts/Icon.tsx";

/** The phases in order; the one at work is marked. */
export function PhaseStrip({ run }: { run: Snapshot }) {
  const current = hasEnded(run.status) ? null : currentPhase(run);
  return (
    <ol className="phases" aria-label="Phases">
      {run.phases.map((phase) => {
        const { icon, tone, word } = phaseSign(phase, run);
        return (
          <li key={phase.id} data-tone={tone} aria-current={phase === current ? "step" : undefined}>
            <Icon name={icon} />
            <span>
              <strong>{phaseTitle(phase)}</strong>
              <small className="muted">{phaseDetail(run, phase) || word}</small>
              <span className="sr-only">, {word}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
