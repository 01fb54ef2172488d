import "../styles/form.css";
import { useCommand } from "@headway-run/react";
import { Problem } from "@headway-run/react/components";
import { type FormEvent, type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  title: string;
  /** What the button that does it says. */
  action: string;
  /** What the other one says. */
  refusal?: string;
  danger?: boolean;
  /** What it is about, and fields. */
  children: ReactNode;
  /** Does it; what it throws is shown, and the dialog stays. */
  onSubmit: (form: FormData) => Promise<unknown>;
  onClose: () => void;
}

/**
 * Asks before something is done, or for what it takes. It is there as long as it is rendered, and gives the focus back to where
 * it was when it goes: a dialog that is taken away without being closed would not.
 */
export function Dialog({
  title,
  action,
  refusal = "Leave it",
  danger = false,
  children,
  onSubmit,
  onClose,
}: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const command = useCommand();
  const id = useId();
  const close = () => ref.current?.close();
  useEffect(() => {
    if (!ref.current?.open) ref.current?.showModal();
  }, []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void command.send(() => onSubmit(form).then(close));
  };
  return (
    <dialog ref={ref} className="hw-dialog" aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      <form className="stack" onSubmit={submit}>
        {children}
        {command.trouble && <Problem urgent>{command.trouble}</Problem>}
        <div className="hw-actions">
          <button
            type="submit"
            className="hw-button"
            data-kind={danger ? "danger" : "primary"}
            disabled={command.pending}
          >
            {action}
          </button>
          <button type="button" className="hw-button" onClick={close}>
            {refusal}
          </button>
        </div>
      </form>
    </dialog>
  );
}
