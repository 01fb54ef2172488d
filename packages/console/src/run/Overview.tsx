import type { Live, Snapshot } from "@headway-run/client";
import { useNow } from "@headway-run/react";
import { PhaseStepper, ProgressBar } from "@headway-run/react/components";
import { activityText, hasEnded, progressText, queueText, wholePercent } from "@headway-run/react/words";
import type { RefObject } from "react";
import { runSign } from "../model/status.ts";
import { ticking } from "../model/words.ts";

/** Silence that is worth a word. */
const QUIET_MS = 10_000;

interface OverviewProps {
  run: Snapshot;
  /** When the last event came. */
  activity: RefObject<number | null>;
}

/** How far the whole is, what is being done, and the phases it goes through. */
export function Overview({ run, live, activity }: OverviewProps & { live: Live | null }) {
  const percent = wholePercent(run);
  const sign = runSign(run.status, run.cancel_requested_at !== null);
  const text =
    queueText(run, live) ??
    (hasEnded(run.status)
      ? endText(run)
      : [run.status === "waiting" && "Waiting for an answer", progressText(run), activityText(run)]
          .filter(Boolean)
          .join(" – "));
  const phases = run.phases.filter(({ title }) => title);
  return (
    <section className="hw-panel stack" aria-label="Progress">
      {/* What ended nobody knows where has no bar: a bar without an end is for what goes on. */}
      {(percent !== null || !hasEnded(run.status)) && (
        <ProgressBar
          label="Run"
          percent={percent ?? (run.status === "queued" ? 0 : null)}
          text={[percent === null ? "" : `${percent} %`, text].filter(Boolean).join(", ")}
          tone={sign.tone}
          attempt={run.attempt}
        />
      )}
      <p className="overview-text">
        <strong>{percent === null ? "" : `${percent} %`}</strong>
        <span>{text}</span>
        <Quiet run={run} activity={activity} />
      </p>
      {phases.length > 0 && <PhaseStepper run={{ ...run, phases }} />}
    </section>
  );
}

function endText({ status, error, items }: Snapshot): string {
  const all = Object.values(items);
  const failed = all.filter((item) => item.status === "failed").length;
  if (status === "partial") return `Completed, with ${failed} of ${all.length} items failed`;
  if (status === "failed") return error?.message ?? "Failed";
  return status === "cancelled" ? "Cancelled" : "Completed";
}

/** A run that says nothing for a while may be stuck: that is worth a word. */
function Quiet({ run, activity }: OverviewProps) {
  const now = useNow(run.status === "running" ? 1_000 : null);
  const ms = now - (activity.current ?? now);
  if (run.status !== "running" || ms < QUIET_MS) return null;
  return <span className="muted">last activity {ticking(ms)} ago</span>;
}
