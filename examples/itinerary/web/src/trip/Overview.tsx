import type { Live, Snapshot } from "@headway-run/client";
import { useNow } from "@headway-run/react";
import { PhaseStepper, ProgressBar } from "@headway-run/react/components";
import {
  activityText,
  elapsedMs,
  etaText,
  hasEnded,
  progressText,
  queueText,
  stopwatch,
  type Tone,
  wholePercent,
} from "@headway-run/react/words";
import { plannedDays } from "../model/status.ts";
import { PHASES } from "../model/words.ts";

const TONES: Record<string, Tone> = { succeeded: "good", partial: "warn", failed: "bad", cancelled: "idle" };

/** How far the whole trip is. */
export function Overview({ run, live }: { run: Snapshot; live: Live | null }) {
  const ended = hasEnded(run.status);
  const [planned, all] = plannedDays(run);
  // Of a trip that has ended the days count: "100 %" would not say that some of them failed.
  const percent = ended ? Math.floor((100 * planned) / (all || 1)) : wholePercent(run);
  const amount = ended ? `${planned} of ${all}` : percent === null ? "…" : `${percent} %`;
  const step = ended ? "days planned" : (queueText(run, live, "trip") ?? progressText(run, PHASES));
  return (
    <section className="hw-panel stack" aria-label="Progress">
      <div className="overview">
        <p>
          <span className="amount">{amount}</span> <span className="hw-muted">{step}</span>
        </p>
        <Times run={run} />
      </div>
      <ProgressBar
        label="Trip"
        percent={percent}
        text={`${amount} ${step}`}
        tone={TONES[run.status ?? ""] ?? "busy"}
        attempt={`${run.attempt} ${ended}`}
      />
      {!ended && <p className="activity hw-muted">{activityText(run)}</p>}
      <PhaseStepper run={run} titles={PHASES} />
    </section>
  );
}

function Times({ run }: { run: Snapshot }) {
  const ended = hasEnded(run.status);
  const now = useNow(ended ? null : 1_000);
  const eta = etaText(run, now);
  return (
    <p className="times">
      <span>
        <span className="hw-muted">{ended ? "Took" : "Elapsed"}</span> {stopwatch(elapsedMs(run, now))}
      </span>
      {eta && <span className="hw-muted">{eta}</span>}
    </p>
  );
}
