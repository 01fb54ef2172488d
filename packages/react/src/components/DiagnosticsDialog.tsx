import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { ConnectionStatus } from "../hooks/useConnectionStatus.ts";
import { useNow } from "../hooks/useNow.ts";
import { timeOfDay } from "../words/time.ts";
import { Badge } from "./Badge.tsx";

/** What was written down of all connections of a client; `createStatus` of `@headway-run/client/status` makes one. */
export interface ConnectionRecord {
  getMetrics(): {
    /** Changes, the newest last; `at` in milliseconds since the epoch. */
    readonly history: readonly { readonly at: number; readonly text: string }[];
    readonly lastEventAgeMs: number | null;
    readonly connects: number;
    readonly events: number;
    readonly gaps: number;
    readonly duplicates: number;
  };
  /** All of it as a text without secrets. */
  copyReport(): string;
}

export interface DiagnosticsDialogProps {
  open: boolean;
  onClose: () => void;
  /** Of `useConnectionStatus`. */
  status: ConnectionStatus;
  /** Adds the history and the numbers, and makes the report that can be copied. */
  record?: ConnectionRecord | undefined;
  /** Offers another transport; told of the one that was chosen. */
  onTransport?: ((transport: "auto" | "poll") => void) | undefined;
}

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
      <div className="hw-card-head">
        <h2 id={title}>Connection</h2>
        <button type="button" className="hw-button" onClick={onClose}>
          Close
        </button>
      </div>
      {open && <Inside {...props} />}
    </dialog>
  );
}

function Inside({ status, record, onTransport }: DiagnosticsDialogProps): ReactNode {
  useNow(1_000); // ages grow
  const { reconnect, sign, text, transport } = status;
  const metrics = record?.getMetrics();
  const facts = [...factsOf(status), ...(metrics ? countsOf(metrics) : [])];
  const polls = transport === "poll";
  return (
    <>
      <p>
        <Badge {...sign} about="State" /> {text}
      </p>
      <dl className="hw-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {metrics && metrics.history.length > 0 && <History history={metrics.history} />}
      <div className="hw-actions">
        <button type="button" className="hw-button" data-kind="primary" onClick={reconnect}>
          Retry now
        </button>
        {onTransport && (
          <button type="button" className="hw-button" onClick={() => onTransport(polls ? "auto" : "poll")}>
            {polls ? "Use the stream" : "Use polling"}
          </button>
        )}
        <CopyReport make={() => record?.copyReport() ?? JSON.stringify(Object.fromEntries(facts), null, 2)} />
      </div>
    </>
  );
}

type Fact = [name: string, value: string | number];

function factsOf({ attempt, downMs, retryInS, transport }: ConnectionStatus): Fact[] {
  return [
    ["Transport", transport === "poll" ? "Polling" : "Event stream"],
    ["Tries since it worked", attempt],
    ["Next try", retryInS === null ? "none needed" : `in ${retryInS} s`],
    ["Without connection lately", `${Math.round(downMs / 1000)} s`],
  ];
}

function countsOf(metrics: ReturnType<ConnectionRecord["getMetrics"]>): Fact[] {
  const { connects, duplicates, events, gaps, lastEventAgeMs } = metrics;
  return [
    ["Last event", lastEventAgeMs === null ? "none yet" : `${Math.round(lastEventAgeMs / 1000)} s ago`],
    ["Events", events.toLocaleString("en")],
    ["Connections made", connects],
    ["Gaps mended", gaps],
    ["Duplicates dropped", duplicates],
  ];
}

function History({ history }: Pick<ReturnType<ConnectionRecord["getMetrics"]>, "history">): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by the keyboard
    <section className="hw-history" aria-label="History" tabIndex={0}>
      <ol>
        {history.toReversed().map(({ at, text }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: several runs may say the same at the same time
          <li key={`${at} ${place}`}>
            <time dateTime={new Date(at).toISOString()}>{timeOfDay(at)}</time> {text}
          </li>
        ))}
      </ol>
    </section>
  );
}

function CopyReport({ make }: { make: () => string }): ReactNode {
  const [done, setDone] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(make());
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
