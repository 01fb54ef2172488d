import type { RunHandle } from "@headway-run/client";
import type { Spans } from "@headway-run/client/status";
import { type ConnectionStatus, useNow } from "@headway-run/react";
import { Badge } from "@headway-run/react/components";
import { timeOfDay } from "@headway-run/react/words";
import type { ReactNode, RefObject } from "react";
import { serverTime } from "../../clock.ts";
import { duration, ticking } from "../../model/words.ts";
import { CopyButton } from "../../parts/CopyButton.tsx";
import { status as page } from "./status.ts";

interface ConnectionTabProps {
  handle: RunHandle;
  connection: ConnectionStatus;
  /** When the last event came. */
  activity: RefObject<number | null>;
}

/** How we know all this: the connection now, what it went through, and what can be done when it does not work. */
export function ConnectionTab({ handle, connection, activity }: ConnectionTabProps) {
  const now = useNow(1_000);
  const { reconnect, sign, state, text, transport } = connection;
  const ended = state === "closed";
  const metrics = page.getMetrics();
  const failures = Object.values(metrics.failures).reduce((sum, amount) => sum + (amount ?? 0), 0);
  const last = activity.current === null ? "none since the page was opened" : `${ticking(now - activity.current)} ago`;
  return (
    <div className="connection">
      <section className="hw-panel stack" aria-labelledby="connection-now">
        <h2 id="connection-now">This run's connection</h2>
        <p>{text}</p>
        <Facts
          facts={[
            ["State", <Badge key="state" {...sign} />],
            ...(ended ? [] : transportFacts(connection)),
            ["Last event", last],
          ]}
        />
        <div className="hw-actions">
          <button type="button" className="hw-button" onClick={reconnect}>
            {ended ? "Look again" : "Retry now"}
          </button>
          {!ended && (
            <button
              type="button"
              className="hw-button"
              onClick={() => (transport === "poll" ? handle.stopPolling() : handle.startPolling())}
            >
              {transport === "poll" ? "Use the stream" : "Use polling"}
            </button>
          )}
          <CopyButton text={page.copyReport} large>
            Copy report
          </CopyButton>
        </div>
      </section>
      <section className="hw-panel stack" aria-labelledby="connection-since">
        <h2 id="connection-since">Since this page was opened</h2>
        <Facts
          facts={[
            ["Connections", metrics.connects],
            ["Made again after a break", metrics.reconnects],
            ["Failures", failures],
            ["Up to date", duration(metrics.uptimeMs)],
            ["Out of date", duration(metrics.downtimeMs)],
            ["Events", metrics.events.toLocaleString("en")],
            ["Missing, and fetched", metrics.gaps],
            ["Came twice, and ignored", metrics.duplicates],
            ["From event to page", spans(metrics.latencyMs)],
            ["From request to answer", spans(metrics.requestMs)],
          ]}
        />
      </section>
      {metrics.history.length > 0 && (
        <section className="hw-panel stack" aria-labelledby="connection-history">
          <h2 id="connection-history">History</h2>
          <ol className="history">
            {metrics.history.toReversed().map(({ at, run, text: said, transport: by }) => (
              <li key={`${at} ${run} ${said}`}>
                <time dateTime={new Date(serverTime(at)).toISOString()}>{timeOfDay(serverTime(at))}</time>
                <span>{said}</span>
                <span className="muted">
                  {by === "poll" ? "polling" : "stream"} of {run.includes("/runs/stream") ? "the list" : "the run"}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

function spans(found: Spans | null): string {
  return found === null ? "not measured yet" : `${duration(found.mean)} on average, ${duration(found.max)} at most`;
}

type Fact = readonly [name: string, value: ReactNode];

function transportFacts({ attempt, retryInS, transport }: ConnectionStatus): Fact[] {
  return [
    ["Transport", transport === "poll" ? "Polling" : "Event stream"],
    ["Tries since it worked", attempt],
    ["Next try", retryInS === null ? "none needed" : `in ${retryInS} s`],
  ];
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="hw-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
