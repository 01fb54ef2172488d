import { Badge } from "@headway-run/react/components";
import { count, type Sign } from "@headway-run/react/words";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { duration } from "../model/words.ts";
import { Ago } from "../parts/Time.tsx";
import { short, viewersOf } from "./figures.ts";
import type { ProcessFigures, System, WorkerFigures } from "./query.ts";

const LATE_S = 0.25;
const LAG_S = 60;
const SIGNS: Record<"well" | "late" | "stops" | "silent" | "dead", Sign> = {
  well: { word: "Well", icon: "check", tone: "good" },
  late: { word: "Late", icon: "alert", tone: "warn" },
  stops: { word: "Stops", icon: "stop", tone: "idle" },
  silent: { word: "No answer", icon: "alert", tone: "warn" },
  dead: { word: "Dead", icon: "cross", tone: "bad" },
};

/** A process as the store lists it, with what it told of itself if it answered. */
interface Process {
  worker: WorkerFigures;
  told: ProcessFigures | undefined;
}

/** Every process on the store: what it is, how it is, and what it works on. */
export function Processes({ system }: { system: System }) {
  const title = useId();
  const told = new Map(system.processes.map((process) => [process.id, process]));
  const listed = system.workers.map((worker) => ({ worker, told: told.get(worker.id) }));
  const unlisted = system.processes.filter(({ id }) => !system.workers.some((worker) => worker.id === id));
  const all: Process[] = [
    ...listed,
    ...unlisted.map((process) => ({
      worker: { id: process.id, gone: false, silent_s: null, running: [] },
      told: process,
    })),
  ];
  return (
    <section className="stack" aria-labelledby={title}>
      <div className="section-head">
        <h2 id={title}>Processes</h2>
        <span className="muted small">{count(all.length, "process", "processes")} on the store</span>
      </div>
      <table className="runs row-cards" aria-labelledby={title}>
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col">What it is</th>
            <th scope="col">Up for</th>
            <th scope="col">Viewers</th>
            <th scope="col">Event loop late</th>
            <th scope="col">Works on</th>
          </tr>
        </thead>
        <tbody>
          {all.map((process) => (
            <Row key={process.worker.id} process={process} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ process: { worker, told } }: { process: Process }) {
  return (
    <tr data-process={worker.id}>
      <th scope="row" className="connection-id">
        <Badge {...signOf(worker, told)} />
        <code>…{worker.id.slice(-12)}</code>
      </th>
      <td data-label="What it is">
        {told ? `${told.role} ${told.version}` : "unknown"}
        <span className="second">{told ? `${told.host}, process ${told.pid}` : heard(worker)}</span>
      </td>
      <td data-label="Up for">{told ? duration(told.seconds * 1000) : "–"}</td>
      <td data-label="Viewers">{told ? viewersOf(told).toLocaleString("en") : "–"}</td>
      <td data-label="Event loop late">{told ? short(told.late_s) : "–"}</td>
      <td data-label="Works on">
        {worker.running.length === 0 && "nothing"}
        <ul>
          {worker.running.map(({ run_id, job, title, attempt }) => (
            <li key={run_id}>
              <Link to="/runs/$runId" params={{ runId: run_id }}>
                {title || job}
              </Link>
              {attempt > 1 && <span className="muted small"> attempt {attempt}</span>}
            </li>
          ))}
        </ul>
      </td>
    </tr>
  );
}

function signOf({ gone }: WorkerFigures, told: ProcessFigures | undefined): Sign {
  if (gone) return SIGNS.dead;
  if (!told) return SIGNS.silent;
  if (told.draining) return SIGNS.stops;
  return told.late_s > LATE_S ? SIGNS.late : SIGNS.well;
}

function heard({ gone, silent_s }: WorkerFigures): string {
  if (gone) return "its runs are taken over";
  return silent_s === null ? "alive, but silent" : `last heard of ${duration(silent_s * 1000)} ago`;
}

/** The jobs of which runs wait, or are worked on. */
export function Queue({ system: { jobs, jobs_complete } }: { system: System }) {
  const title = useId();
  return (
    <section className="stack" aria-labelledby={title}>
      <div className="section-head">
        <h2 id={title}>Work</h2>
      </div>
      {jobs.length === 0 ? (
        <p className="empty">Nothing waits, nothing is worked on.</p>
      ) : (
        <table className="runs plain" aria-labelledby={title}>
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">Running</th>
              <th scope="col">Queued</th>
            </tr>
          </thead>
          <tbody>
            {jobs.map(({ job, running, queued, queued_since }) => (
              <tr key={job}>
                <th scope="row">
                  <Link to="/" search={{ job }}>
                    {job}
                  </Link>
                </th>
                <td>{running.toLocaleString("en")}</td>
                <td>
                  {queued.toLocaleString("en")}
                  {queued_since && (
                    <span className="second">
                      the first <Ago time={queued_since} />
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!jobs_complete && <p className="muted small">More are queued than were counted.</p>}
    </section>
  );
}

/** The listeners, and how far behind each is. */
export function Listeners({ system: { listeners } }: { system: System }) {
  const title = useId();
  return (
    <section className="stack" aria-labelledby={title}>
      <div className="section-head">
        <h2 id={title}>Listeners</h2>
      </div>
      {listeners.length === 0 ? (
        <p className="empty">There are no listeners.</p>
      ) : (
        <table className="runs plain" aria-labelledby={title}>
          <thead>
            <tr>
              <th scope="col">Listener</th>
              <th scope="col">Behind</th>
              <th scope="col">Last told</th>
            </tr>
          </thead>
          <tbody>
            {listeners.map(({ name, lag_s, told_at }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {lag_s > LAG_S ? <Badge {...SIGNS.late} /> : null} {lag_s > 0 ? duration(lag_s * 1000) : "nothing"}
                </td>
                <td>{told_at ? <Ago time={told_at} /> : "never"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
