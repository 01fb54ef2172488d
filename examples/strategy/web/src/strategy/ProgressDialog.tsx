import type { Live, RunHandle, Snapshot } from "@headway-run/client";
import { type ConnectionStatus, useKeptFocus } from "@headway-run/react";
import {
  CommandButton,
  ConnectionPill,
  OutputText,
  PhaseStepper,
  ProgressBar,
  RunAnnouncer,
  RunBanner,
} from "@headway-run/react/components";
import { hasEnded, runSign, wholePercent } from "@headway-run/react/words";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { itemsOfKind, type KeyedItem, lessonsOf } from "../model/found.ts";
import { doingText, PHASES, STATUSES } from "../model/words.ts";
import { Markdown, marked } from "../parts/Markdown.tsx";

export interface ProgressDialogProps {
  open: boolean;
  run: Snapshot;
  live: Live | null;
  handle: RunHandle;
  status: ConnectionStatus;
  /** It was closed, by whatever means; nothing else happens with that. */
  onClose: () => void;
  /** Between the progress and the buttons. */
  children?: ReactNode;
}

/** How a strategy gets on. Closing it, by Escape too, cancels nothing: that has a button of its own. */
export function ProgressDialog({ open, onClose, ...rest }: ProgressDialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open) dialog?.close();
  }, [open]);
  return (
    <dialog ref={ref} className="hw-dialog progress" aria-labelledby={title} onClose={onClose}>
      <Inside {...rest} title={title} onClose={onClose} />
    </dialog>
  );
}

function Inside({
  run,
  live,
  handle,
  status,
  onClose,
  title,
  children,
}: Omit<ProgressDialogProps, "open"> & { title: string }) {
  const kept = useKeptFocus<HTMLDivElement>();
  const over = hasEnded(run.status);
  const text = doingText(run, live);
  return (
    <div {...kept} className="stack">
      <RunAnnouncer run={run} status={status} phases={PHASES} statuses={STATUSES} />
      <div className="title">
        <h2 id={title}>{run.title}</h2>
        {!over && <ConnectionPill status={status} />}
      </div>
      <RunBanner run={run} status={status} noun="the strategy" />
      <div className="hw-progress">
        <ProgressBar
          label="The strategy"
          percent={over && run.status !== "failed" ? (wholePercent(run) ?? 0) : wholePercent(run)}
          text={text}
          tone={over ? runSign(run.status).tone : "busy"}
          attempt={run.attempt}
        />
        <p className="hw-muted">{text}</p>
      </div>
      <PhaseStepper run={run} titles={PHASES} />
      {children}
      <div className="beside">
        <Writing run={run} />
        <Lessons run={run} />
      </div>
      <div className="hw-actions ends">
        <button type="button" className="hw-button" data-kind={over ? "primary" : undefined} onClick={onClose}>
          {over ? "To the strategy" : "Close"}
        </button>
        {!over && (
          <>
            <span className="hw-muted">It goes on when this is closed.</span>
            {run.cancel_requested_at === null && (
              <CommandButton send={() => handle.cancel("cancelled on the page")}>Cancel the strategy</CommandButton>
            )}
          </>
        )}
      </div>
    </div>
  );
}

/** The section that is being written, else the last that was. */
function Writing({ run }: { run: Snapshot }) {
  const sections = itemsOfKind(run, "section");
  const section =
    sections.find(({ status }) => status === "running") ?? sections.findLast(({ status }) => status === "finished");
  const done = sections.filter(({ status }) => status === "finished").length;
  return (
    <section className="writing" aria-label="Sections">
      <h3>{section?.title ?? "Sections"}</h3>
      {section ? (
        <Text section={section} run={run} />
      ) : (
        <p className="hw-muted">{sections.length} sections will stand here as they are written.</p>
      )}
      {done > 0 && (
        <p className="hw-muted">
          {done} of {sections.length} sections are written.
        </p>
      )}
    </section>
  );
}

/** As it is written, then as it is read. */
function Text({ section, run }: { section: KeyedItem; run: Snapshot }) {
  const output = run.outputs[section.key];
  if (section.status === "finished" && output) return <Markdown text={output.text} />;
  return <OutputText output={output} paragraph={marked} />;
}

/** What one can learn meanwhile, the newest first. */
function Lessons({ run }: { run: Snapshot }) {
  const lessons = lessonsOf(run);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by the keyboard
    <section className="lessons" aria-label="Good to know" tabIndex={0}>
      <h3>Good to know</h3>
      {lessons.length === 0 && <p className="hw-muted">What is being done, and why, as it is done.</p>}
      <ul>
        {lessons.map(({ seq, title, body }) => (
          <li key={seq}>
            <strong>{title}</strong>
            <p>{body}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
