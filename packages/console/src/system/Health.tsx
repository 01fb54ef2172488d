import { Badge, Problem } from "@headway-run/react/components";
import { count, type Sign } from "@headway-run/react/words";
import type { ReactNode } from "react";
import { moments, perSecond, quantile, type Sample, short, viewersOf } from "./figures.ts";
import type { System } from "./query.ts";

const GOOD: Sign = { word: "Well", icon: "check", tone: "good" };
const BAD: Sign = { word: "In trouble", icon: "alert", tone: "bad" };

/** The figures one looks at first, and what is wrong, above all else. */
export function Health({ system, samples }: { system: System; samples: readonly Sample[] }) {
  const now = moments(samples).at(-1);
  const { store, engine, times } = system;
  return (
    <section className="stack" aria-label="How it is">
      <Troubles system={system} />
      <dl className="tiles">
        <Tile name="Viewers" about={transportsOf(system)}>
          {viewersOf(system).toLocaleString("en")}
        </Tile>
        <Tile name="Events" about="appended a second">
          {perSecond(now?.events ?? null)}
        </Tile>
        <Tile name="Deliveries" about="to viewers a second">
          {perSecond(now?.deliveries ?? null)}
        </Tile>
        <Tile name="Append" about="99 % are quicker">
          {inTime(times["append_seconds"] && quantile(times["append_seconds"], 0.99))}
        </Tile>
        <Tile name="To the viewer" about="99 % are quicker">
          {inTime(times["append_to_write_seconds"] && quantile(times["append_to_write_seconds"], 0.99))}
        </Tile>
        <Tile name="Store" about={store.name}>
          <Badge {...(store.ok ? GOOD : BAD)} />
        </Tile>
        <Tile name="Engine" about={engine.name}>
          <Badge {...(engine.ok ? GOOD : BAD)} />
        </Tile>
      </dl>
    </section>
  );
}

function Tile({ name, about, children }: { name: string; about: string; children: ReactNode }) {
  return (
    <div className="tile">
      <dt>{name}</dt>
      <dd>
        <span className="tile-value">{children}</span>
        <span className="muted small">{about}</span>
      </dd>
    </div>
  );
}

function Troubles({ system: { store, engine, missing, complete, asked, processes, direct } }: { system: System }) {
  const late = processes.filter(({ late_s }) => late_s > 0.25);
  return (
    <>
      {!store.ok && (
        <Problem hint="Only the process that was asked is shown. Viewers keep their streams; nothing new is written">
          {`The store ${store.name} cannot be used: ${store.trouble}`}
        </Problem>
      )}
      {!engine.ok && (
        <Problem hint="What is started is stored, and delivered when it is well again">
          {`The engine ${engine.name} takes nothing: ${engine.trouble}`}
        </Problem>
      )}
      {store.ok && !complete && (
        <Problem hint="Their viewers and figures are not in what is shown">
          {`${count(missing.length, "process", "processes")} of ${asked} did not answer: ${missing.join(", ")}`}
        </Problem>
      )}
      {late.map(({ id, host, late_s }) => (
        <Problem key={id} hint="Something keeps its event loop from everybody else">
          {`The process ${id} on ${host} is ${short(late_s)} late`}
        </Problem>
      ))}
      {!direct.on && (
        <p className="muted small">
          Streams are not handed over to the hub on this server, so each viewer costs more: {direct.reason}.
        </p>
      )}
    </>
  );
}

function transportsOf({ viewers }: System): string {
  const by = new Map<string, number>();
  for (const { transport, count: more } of viewers) by.set(transport, (by.get(transport) ?? 0) + more);
  const words: Record<string, string> = { sse: "streams", poll: "polls" };
  return [...by].map(([transport, amount]) => `${amount} ${words[transport] ?? transport}`).join(", ") || "nobody";
}

function inTime(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? "–" : short(seconds);
}
