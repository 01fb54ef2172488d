import type { RunHandle, Snapshot } from "@headway-run/client";
import { useKeptFocus } from "@headway-run/react";
import { CommandButton } from "@headway-run/react/components";
import { hasEnded } from "@headway-run/react/words";
import { useId, useState } from "react";
import { Dialog } from "../parts/Dialog.tsx";

interface CommandsProps {
  run: Snapshot;
  handle: RunHandle;
}

/** What one may tell a run to do: while it goes on to stop, afterwards to try again what failed. */
export function Commands({ run, handle }: CommandsProps) {
  const kept = useKeptFocus<HTMLDivElement>();
  const failed = Object.values(run.items).some(({ status }) => status === "failed");
  return (
    <div className="hw-actions" {...kept}>
      {!hasEnded(run.status) && <Cancel run={run} handle={handle} />}
      {hasEnded(run.status) && run.status !== "succeeded" && (
        <CommandButton send={() => handle.retry()}>{failed ? "Retry all failed" : "Retry"}</CommandButton>
      )}
    </div>
  );
}

function Cancel({ run, handle }: CommandsProps) {
  /** The attempt that is to be cancelled: as it was when the button was pressed, whoever tries the run again meanwhile. */
  const [attempt, setAttempt] = useState<number | null>(null);
  const reason = useId();
  const asked = run.cancel_requested_at !== null;
  const cancel = (form: FormData) => {
    const why = `${form.get("reason") ?? ""}`.trim();
    return handle.cancel(why || undefined, attempt ?? run.attempt);
  };
  return (
    <>
      <button
        type="button"
        className="hw-button"
        disabled={asked}
        aria-haspopup="dialog"
        onClick={() => setAttempt(run.attempt)}
      >
        {asked ? "Stopping…" : "Cancel"}
      </button>
      {attempt !== null && (
        <Dialog
          title="Cancel this run?"
          action="Cancel the run"
          refusal="Keep it running"
          danger
          onSubmit={cancel}
          onClose={() => setAttempt(null)}
        >
          <p>“{run.title || run.job}” is asked to stop. What it has done so far stays, and it can be retried.</p>
          <div className="field">
            <label htmlFor={reason}>
              Reason <span className="muted">(optional)</span>
            </label>
            <input id={reason} name="reason" maxLength={500} autoComplete="off" />
          </div>
        </Dialog>
      )}
    </>
  );
}
