import type { RunSummary } from "@headway-run/client";
import { Badge, ProgressBar } from "@headway-run/react/components";
import { hasEnded } from "@headway-run/react/words";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { runSign } from "../model/status.ts";
import { Ago, Elapsed } from "../parts/Time.tsx";
import { progressOf } from "./progress.ts";

/** The runs as a table; on a narrow screen each row is a card. */
export function RunTable({ runs }: { runs: readonly RunSummary[] }) {
  return (
    <table className="runs" aria-label="Runs">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Run</th>
          <th scope="col">Progress</th>
          <th scope="col">Created</th>
          <th scope="col">Duration</th>
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

const RunRow = memo(function RunRow({ run }: { run: RunSummary }) {
  const { percent, text } = progressOf(run);
  const sign = runSign(run.status, run.cancel_requested);
  const name = run.title || run.job;
  return (
    <tr data-run={run.id} data-tone={sign.tone}>
      <td className="runs-status">
        <Badge {...sign} />
      </td>
      <th scope="row" className="runs-run">
        <Link to="/runs/$runId" params={{ runId: run.id }} className="runs-title">
          {name}
        </Link>
        <span className="runs-about">
          <span>{run.job}</span>
          {run.group && <span>{run.group}</span>}
          {run.attempt > 1 && <span>attempt {run.attempt}</span>}
          <code>…{run.id.slice(-8)}</code>
        </span>
      </th>
      <td className="runs-progress">
        {/* What ended nobody knows where has no bar: a bar without an end is for what goes on. */}
        {percent === null && hasEnded(run.status) ? (
          <span className="runs-none">–</span>
        ) : (
          <ProgressBar
            label={`Progress of ${name}`}
            percent={percent}
            text={text || sign.word}
            tone={sign.tone}
            attempt={run.attempt}
          />
        )}
        {text && <span className="runs-text">{text}</span>}
      </td>
      <td className="runs-created">
        <Ago time={run.created_at} />
      </td>
      <td className="runs-took">
        {run.started_at ? (
          <Elapsed since={run.started_at} until={run.finished_at} />
        ) : (
          <span className="runs-none">–</span>
        )}
      </td>
    </tr>
  );
});
