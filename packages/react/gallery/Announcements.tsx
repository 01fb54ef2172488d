import { type ReactNode, useState } from "react";
import { RunAnnouncer } from "../src/components/index.ts";
import { Piece, Shelf } from "./Shelf.tsx";
import { RUNS } from "./samples.ts";

const STEPS = Object.values(RUNS).slice(0, 3);

/** Nothing to be seen of it, so here it is told how to hear it. */
export function Announcements(): ReactNode {
  const [step, setStep] = useState(0);
  const [outdated, setOutdated] = useState(false);
  return (
    <Shelf title="RunAnnouncer">
      <Piece about="for those who listen: at most one message in five seconds">
        <div className="hw-actions">
          <button type="button" className="hw-button" onClick={() => setStep((step + 1) % STEPS.length)}>
            Let the run go on
          </button>
          <button type="button" className="hw-button" onClick={() => setOutdated(!outdated)}>
            {outdated ? "Connect" : "Lose the connection"}
          </button>
        </div>
        <RunAnnouncer run={STEPS[step] ?? null} status={{ outdated }} />
      </Piece>
    </Shelf>
  );
}
