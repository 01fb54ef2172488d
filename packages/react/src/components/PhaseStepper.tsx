import type { Snapshot } from "@headway-run/client";
import type { ReactNode } from "react";
import { currentPhase, type PhaseTitles, phaseDetail, phaseTitle } from "../words/progress.ts";
import { phaseSign } from "../words/status.ts";
import { Icon } from "./Icon.tsx";

export interface PhaseStepperProps {
  run: Snapshot;
  /** Titles of your own, by the phases' ids. */
  titles?: PhaseTitles | undefined;
  /** @defaultValue "Phases" */
  label?: string | undefined;
}

/** The phases in order, each with its icon, how far it is and how it stands; the one at work is marked. */
export function PhaseStepper({ run, titles, label = "Phases" }: PhaseStepperProps): ReactNode {
  const current = currentPhase(run);
  return (
    <ol className="hw-phases" aria-label={label}>
      {run.phases.map((phase) => {
        const { icon, tone, word } = phaseSign(phase, run);
        const detail = phaseDetail(run, phase);
        return (
          <li key={phase.id} data-tone={tone} aria-current={phase === current ? "step" : undefined}>
            <Icon name={icon} />
            <span>
              <strong>{phaseTitle(phase, titles)}</strong>
              <small className="hw-muted">{detail || word}</small>
              {detail && <span className="hw-hidden">, {word}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
