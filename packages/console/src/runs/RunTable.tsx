import type { RunSummary } from "@headway-run/client";
import { Link } from "@tanstack/react-router";
import { runSign } from "../model/status.ts";
import { Badge } from "../parts/Badge.tsx";
import { Bar } from "../parts/Bar.tsx";
import { Ago, Elapsed } from "../parts/Time.tsx";
import { progressOf } from "./progress.ts";

/** The runs as a table; on a narrow screen each is a card. Roles are written out, because cards lose those of a table. */
export function RunTable({ runs }: { runs: readonly RunSummary[] }) {
  return (
    <table className="runs" aria-label="Runs">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Run</th>
          <th scope="col">Progress</th>
          <th scope="col">Created</th>
          <th scope="col">Took</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.id} run={run} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run }: { run: RunSummary }) {
  const { percent, text } = progressOf(run);
  const sign = runSign(run.status, run.cancel_requested);
  return (
    <tr data-run={run.id}>
      <td className="runs-status">
        <Badge sign={sign} />
      </td>
      <th scope="row" className="runs-run">
        <Link to="/runs/$runId" params={{ runId: run.id }} className="runs-title">
          {run.title || run.job}
        </Link>
        <span className="runs-about">
          {run.job}
          {run.group && <> · {run.group}</>}
          {run.attempt > 1 && <> · attempt {run.attempt}</>}
        </span>
      </th>
      <td className="runs-progress">
        <Bar label={`Progress of ${run.title || run.job}`} percent={percent} text={text} tone={sign.tone} />
        <span className="runs-text">{text}</span>
      </td>
      <td className="runs-created">
        <Ago time={run.created_at} />
      </td>
      <td className="runs-took">{run.started_at ? <Elapsed since={run.started_at} until={run.finished_at} /> : "–"}</td>
    </tr>
  );
}
