import type { Live, Snapshot } from "@headway-run/client";
import { useNow } from "../hooks/useNow.ts";
import { activityText, elapsedMs, etaText, progressText, queueText, wholePercent } from "../model/progress.ts";
import { hasEnded, plannedDays, type Tone } from "../model/status.ts";
import { stopwatch } from "../model/words.ts";
import { ProgressBar } from "../parts/ProgressBar.tsx";
import { PhaseStrip } from "./PhaseStrip.tsx";

const TONES: Record<string, Tone> = { succeeded: "good", partial: "warn", failed: "bad", cancelled: "idle" };

/** How far the whole trip is. */
export function Overview({ run, live }: { run: Snapshot; live: Live | null }) {
  const ended = hasEnded(run.status);
  const [planned, all] = plannedDays(run);
  // Of a trip that has ended the days count: "100 %" would not say that some of them failed.
  const percent = ended ? Math.floor((100 * planned) / (all || 1)) : wholePercent(run);
  const amount = ended ? `${planned} of ${all}` : percent === null ? "…" : `${percent} %`;
  const step = ended ? "days planned" : (queueText(run, live) ?? progressText(run));
  return (
    <section className="panel stack" aria-label="Progress">
      <div className="overview">
        <p>
          <span className="amount">{amount}</span> <span className="muted">{step}</span>
        </p>
        <Times run={run} />
      </div>
      <ProgressBar label="Trip" percent={percent} text={`${amount} ${step}`} tone={TONES[run.status ?? ""] ?? "busy"} />
      {!ended && <p className="activity muted">{activityText(run)}</p>}
      <PhaseStrip run={run} />
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
        <span className="muted">{ended ? "Took" : "Elapsed"}</span> {stopwatch(elapsedMs(run, now))}
      </span>
      {eta && <span className="muted">{eta}</span>}
    </p>
  );
}
