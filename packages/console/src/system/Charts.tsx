import { timeOfDay } from "@headway-run/react/words";
import { lazy, type ReactNode, Suspense } from "react";
import { part } from "../shell/parts.ts";
import { buckets, type Moment, moments, perSecond, quantile, type Sample, short, total } from "./figures.ts";
import type { Times } from "./query.ts";

const chart = part(() => import("./Chart.tsx"));
const Lines = lazy(() => chart().then(({ LineChart }) => ({ default: LineChart })));
const Bars = lazy(() => chart().then(({ BarChart }) => ({ default: BarChart })));
/** Rows of the table below a chart of rates; the newest first. */
const ROWS = 10;

interface ChartsProps {
  samples: readonly Sample[];
  times: Record<string, Times>;
}

/** What happens per second, and how long it takes. Each chart can be read as a table. */
export function Charts({ samples, times }: ChartsProps) {
  const drawn = moments(samples);
  return (
    <section aria-label="Rates and latencies" className="charts">
      <Figure title="Per second" table={<RateTable moments={drawn} />}>
        <Lines
          at={drawn.map(({ at }) => at)}
          lines={[
            { label: "Events", colour: "--hw-accent", values: drawn.map(({ events }) => events) },
            { label: "Deliveries", colour: "--good-bar", values: drawn.map(({ deliveries }) => deliveries) },
            { label: "Connects", colour: "--hw-warn-bar", dashed: true, values: drawn.map(({ connects }) => connects) },
          ]}
        />
      </Figure>
      <Figure title="Viewers" table={<ViewerTable moments={drawn} />}>
        <Lines
          at={drawn.map(({ at }) => at)}
          lines={[{ label: "Viewers", colour: "--hw-accent", values: drawn.map(({ viewers }) => viewers) }]}
        />
      </Figure>
      <Histogram title="How long an append takes" times={times["append_seconds"]} />
      <Histogram title="From append to viewer" times={times["append_to_write_seconds"]} />
    </section>
  );
}

function Figure({ title, about, table, children }: FigureProps) {
  return (
    <figure className="hw-panel chart">
      <figcaption>
        <h2>{title}</h2>
        {about && <p className="muted small">{about}</p>}
      </figcaption>
      <div aria-hidden="true" className="chart-picture">
        <Suspense fallback={null}>{children}</Suspense>
      </div>
      <details className="chart-table">
        <summary>
          As a table<span className="hw-hidden">: {title}</span>
        </summary>
        {table}
      </details>
    </figure>
  );
}

interface FigureProps {
  title: string;
  about?: string;
  table: ReactNode;
  children: ReactNode;
}

function Histogram({ title, times }: { title: string; times: Times | undefined }) {
  if (!times || total(times) === 0)
    return (
      <figure className="hw-panel chart">
        <figcaption>
          <h2>{title}</h2>
        </figcaption>
        <p className="muted">Nothing has been measured yet.</p>
      </figure>
    );
  const bars = buckets(times);
  const half = short(quantile(times, 0.5) ?? 0);
  const about = `${total(times).toLocaleString("en")} since the processes began; half of them within ${half}`;
  return (
    <Figure title={title} about={about} table={<BucketTable title={title} times={times} />}>
      <Bars labels={bars.map(({ label }) => label)} values={bars.map(({ count }) => count)} />
    </Figure>
  );
}

function RateTable({ moments: drawn }: { moments: Moment[] }) {
  return (
    <table className="figures">
      <caption className="hw-hidden">Per second, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">Until</th>
          <th scope="col">Events</th>
          <th scope="col">Deliveries</th>
          <th scope="col">Connects</th>
        </tr>
      </thead>
      <tbody>
        {drawn
          .slice(-ROWS)
          .reverse()
          .map(({ at, events, deliveries, connects }) => (
            <tr key={at}>
              <th scope="row">{timeOfDay(at * 1000)}</th>
              <td>{perSecond(events)}</td>
              <td>{perSecond(deliveries)}</td>
              <td>{perSecond(connects)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function ViewerTable({ moments: drawn }: { moments: Moment[] }) {
  return (
    <table className="figures">
      <caption className="hw-hidden">Viewers, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">At</th>
          <th scope="col">Viewers</th>
        </tr>
      </thead>
      <tbody>
        {drawn
          .slice(-ROWS)
          .reverse()
          .map(({ at, viewers }) => (
            <tr key={at}>
              <th scope="row">{timeOfDay(at * 1000)}</th>
              <td>{viewers.toLocaleString("en")}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function BucketTable({ title, times }: { title: string; times: Times }) {
  const bars = buckets(times);
  return (
    <table className="figures">
      <caption className="hw-hidden">{title}</caption>
      <thead>
        <tr>
          <th scope="col">At most</th>
          <th scope="col">How often</th>
        </tr>
      </thead>
      <tbody>
        {bars.map(({ label, count }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td>{count.toLocaleString("en")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
