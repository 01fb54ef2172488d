import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { ConnectionStatus } from "../hooks/useConnectionStatus.ts";
import { useNow } from "../hooks/useNow.ts";
import { timeOfDay } from "../words/time.ts";
import { Badge } from "./Badge.tsx";

/** What happened to the connection, newest last. */
export interface ConnectionMoment {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

export interface DiagnosticsDialogProps {
  open: boolean;
  onClose: () => void;
  /** Of `useConnectionStatus`. */
  status: ConnectionStatus;
  /** When the last event came, in milliseconds since the epoch; null: none has. */
  lastEventAt?: number | null | undefined;
  history?: readonly ConnectionMoment[] | undefined;
  /** More to be told, in order: what it is and how much. */
  figures?: Readonly<Record<string, string | number>> | undefined;
  /** What "Copy report" copies: a text, an object, or what makes one. It has to be without secrets. */
  report?: Report | (() => Report | Promise<Report>) | undefined;
  /** Offers another transport; told of the one that was chosen. */
  onTransport?: ((transport: "auto" | "poll") => void) | undefined;
}

type Report = string | object;

/** What one needs to know when it does not work, and what can be done about it. A native dialog: Escape closes it. */
export function DiagnosticsDialog(props: DiagnosticsDialogProps): ReactNode {
  const { open, onClose } = props;
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open) dialog?.close();
  }, [open]);
  return (
    <dialog ref={ref} className="hw-dialog" aria-labelledby={title} onClose={onClose}>
      <h2 id={title}>Connection</h2>
      {open && <Inside {...props} />}
    </dialog>
  );
}

function Inside({
  status,
  lastEventAt,
  history = [],
  figures = {},
  report,
  onTransport,
  onClose,
}: DiagnosticsDialogProps): ReactNode {
  const now = useNow(1_000);
  const { attempt, downMs, reconnect, retryInS, sign, text, transport } = status;
  const facts: [string, ReactNode][] = [
    ["State", <Badge key="state" {...sign} />],
    ["Transport", transport === "poll" ? "Polling" : "Event stream"],
    ["Tries since it worked", attempt],
    ["Next try", retryInS === null ? "none needed" : `in ${retryInS} s`],
    ["Last event", lastEventAt ? `${agoText(now - lastEventAt)} (${timeOfDay(lastEventAt)})` : "none yet"],
    ["Lately without connection", `${Math.round(downMs / 1000)} s`],
    ...Object.entries(figures),
  ];
  return (
    <>
      <p>{text}</p>
      <dl className="hw-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {history.length > 0 && <History history={history} />}
      <div className="hw-actions">
        <button type="button" className="hw-button" data-kind="primary" onClick={reconnect}>
          Retry now
        </button>
        {onTransport && (
          <button
            type="button"
            className="hw-button"
            onClick={() => onTransport(transport === "poll" ? "auto" : "poll")}
          >
            {transport === "poll" ? "Use the stream" : "Use polling"}
          </button>
        )}
        {report !== undefined && <CopyReport report={report} />}
        <button type="button" className="hw-button" onClick={onClose}>
          Close
        </button>
      </div>
    </>
  );
}

function agoText(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s ago`;
}

function History({ history }: { history: readonly ConnectionMoment[] }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by the keyboard
    <section className="hw-history" aria-label="History" tabIndex={0}>
      <ol>
        {history.toReversed().map(({ at, text }) => (
          <li key={`${at} ${text}`}>
            <time dateTime={new Date(at).toISOString()}>{timeOfDay(at)}</time> {text}
          </li>
        ))}
      </ol>
    </section>
  );
}

function CopyReport({ report }: Required<Pick<DiagnosticsDialogProps, "report">>): ReactNode {
  const [done, setDone] = useState("");
  const copy = async () => {
    try {
      const made = typeof report === "function" ? await report() : report;
      await navigator.clipboard.writeText(typeof made === "string" ? made : JSON.stringify(made, null, 2));
      setDone("The report was copied.");
    } catch {
      setDone("The browser did not let it be copied.");
    }
  };
  return (
    <>
      <button type="button" className="hw-button" onClick={copy}>
        Copy report
      </button>
      <span role="status" className="hw-muted">
        {done}
      </span>
    </>
  );
}
