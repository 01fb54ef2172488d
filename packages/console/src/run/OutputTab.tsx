import type { Snapshot } from "@headway-run/client";
import { Badge, OutputText } from "@headway-run/react/components";
import { hasEnded } from "@headway-run/react/words";
import { memo } from "react";
import { many } from "../model/words.ts";
import { CopyButton } from "../parts/CopyButton.tsx";
import { Notice } from "../parts/Notice.tsx";
import { headwayPath } from "../place.ts";

/** The texts a run writes, as they grow. */
export function OutputTab({ run }: { run: Snapshot }) {
  const outputs = Object.entries(run.outputs).sort(([, one], [, other]) => one.seq - other.seq);
  if (outputs.length === 0)
    return <Notice title="No text">This run has written none{hasEnded(run.status) ? "." : " yet."}</Notice>;
  return (
    <div className="stack">
      {outputs.map(([key, output]) => (
        <OneOutput key={key} name={key} output={output} runId={run.run_id} ended={hasEnded(run.status)} />
      ))}
    </div>
  );
}

interface OneOutputProps {
  name: string;
  output: Snapshot["outputs"][string];
  runId: string;
  ended: boolean;
}

const OneOutput = memo(function OneOutput({ name, output, runId, ended }: OneOutputProps) {
  const whole = `${headwayPath()}/v1/runs/${encodeURIComponent(runId)}/outputs/${encodeURIComponent(name)}`;
  const writing = !output.finished && !ended;
  return (
    <article className="hw-panel stack">
      <header className="head-line">
        <h2>{name}</h2>
        {writing && <Badge word="Being written" icon="busy" tone="busy" />}
        <span className="muted small push">{many(output.from_offset + output.text.length, "character")}</span>
        <div className="hw-actions">
          <CopyButton text={output.text}>Copy</CopyButton>
          <a className="hw-button" data-small href={whole} download={`${name}.txt`}>
            Download
          </a>
        </div>
      </header>
      <OutputText output={output} writing={writing} placeholder={<p className="muted">Not a word yet.</p>} />
    </article>
  );
});
