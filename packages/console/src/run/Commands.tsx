import type { RunHandle, Snapshot } from "@headway-run/client";
import { useCommand } from "@headway-run/react";
import { CommandButton, Problem } from "@headway-run/react/components";
import { hasEnded } from "@headway-run/react/words";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";

interface CommandsProps {
  run: Snapshot;
  handle: RunHandle;
}

/** What one may tell a run to do: while it goes on to stop, afterwards to try again what failed. */
export function Commands({ run, handle }: CommandsProps) {
  if (hasEnded(run.status)) {
    if (run.status === "succeeded") return null;
    const failed = Object.values(run.items).some(({ status }) => status === "failed");
    return <CommandButton send={() => handle.retry()}>{failed ? "Retry all failed" : "Retry"}</CommandButton>;
  }
  return <Cancel run={run} handle={handle} />;
}

function Cancel({ run, handle }: CommandsProps) {
  const [open, setOpen] = useState(false);
  const asked = run.cancel_requested_at !== null;
  return (
    <>
      <button type="button" className="hw-button" disabled={asked} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {asked ? "Stopping…" : "Cancel"}
      </button>
      <CancelDialog run={run} handle={handle} open={open && !asked} onClose={() => setOpen(false)} />
    </>
  );
}

function CancelDialog({ run, handle, open, onClose }: CommandsProps & { open: boolean; onClose: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  const command = useCommand();
  const [title, reason] = [useId(), useId()];
  useEffect(() => {
    if (open && !ref.current?.open) ref.current?.showModal();
    if (!open) ref.current?.close();
  }, [open]);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const why = `${new FormData(event.currentTarget).get("reason") ?? ""}`.trim();
    void command.send(() => handle.cancel(why || undefined).then(onClose));
  };
  return (
    <dialog ref={ref} className="hw-dialog" aria-labelledby={title} onClose={onClose}>
      <h2 id={title}>Cancel this run?</h2>
      <p>“{run.title || run.job}” is asked to stop. What it has done so far stays, and it can be retried.</p>
      <form className="stack" onSubmit={submit}>
        <div className="field">
          <label htmlFor={reason}>
            Reason <span className="muted">(may be left empty)</span>
          </label>
          <input id={reason} name="reason" maxLength={500} autoComplete="off" />
        </div>
        {command.trouble && <Problem urgent>{command.trouble}</Problem>}
        <div className="hw-actions">
          <button type="submit" className="hw-button" data-kind="danger" disabled={command.pending}>
            Cancel the run
          </button>
          <button type="button" className="hw-button" onClick={onClose}>
            Keep it running
          </button>
        </div>
      </form>
    </dialog>
  );
}
