import { useMemo, useState, useSyncExternalStore } from "react";
import { useServerNow } from "../../clock.ts";
import { duration } from "../../model/words.ts";
import { Notice } from "../../parts/Notice.tsx";
import type { LogStore } from "../logStore.ts";
import { Reading } from "../Reading.tsx";
import { Legend } from "./Legend.tsx";
import type { Timeline } from "./model.ts";
import { createScale, type Scale } from "./scale.ts";
import { TimelineRow } from "./TimelineRow.tsx";
import { useTree } from "./useTree.ts";

/** When each part of the run waited, worked and ended: bars for the eyes, and the same as a table for everybody. */
export function TimelineTab({ store }: { store: LogStore<Timeline> }) {
  const { folded, version, ...reading } = useSyncExternalStore(store.subscribe, store.getSnapshot);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is another set of rows in the same timeline
  const rows = useMemo(() => folded.rows(), [folded, version]);
  const open = rows.some(({ segments }) => segments.at(-1)?.to === null);
  const now = Math.max(useServerNow(open ? 1_000 : null), folded.last);
  const scale = useMemo(() => createScale(rows, now), [rows, now]);
  const [problems, setProblems] = useState(false);
  const tree = useTree(rows, problems);
  if (rows.length === 0) {
    return reading.complete ? (
      <Notice title="Nothing has happened yet">The run has no events with a time.</Notice>
    ) : (
      <Reading state={reading} />
    );
  }
  return (
    <div className="stack">
      <Reading state={reading} />
      <div className="timeline-head">
        <Legend />
        <label className="check">
          <input type="checkbox" checked={problems} onChange={({ target }) => setProblems(target.checked)} />
          Only what failed or was retried
        </label>
      </div>
      <div className="timeline-frame">
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows of a tree grid open, as the pattern has it */}
        <table className="timeline" role="treegrid" aria-label="Timeline" ref={tree.ref} onKeyDown={tree.onKeyDown}>
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col">Began</th>
              <th scope="col">Worked</th>
              <th scope="col" className="timeline-axis">
                <span className="hw-hidden">Timeline</span>
                <Axis scale={scale} />
              </th>
            </tr>
          </thead>
          <tbody>
            {tree.shown.map((row) => (
              <TimelineRow key={row.id} row={row} scale={scale} now={now} tree={tree} />
            ))}
          </tbody>
        </table>
      </div>
      {tree.left > 0 && (
        <button type="button" className="hw-button start" onClick={tree.showMore}>
          Show more ({tree.left.toLocaleString("en")} left)
        </button>
      )}
      {problems && tree.shown.length === 0 && (
        <Notice title="Nothing failed">And nothing had to be tried again.</Notice>
      )}
    </div>
  );
}

function Axis({ scale }: { scale: Scale }) {
  return (
    <span className="axis" aria-hidden="true">
      {scale.marks.map(({ at, ms }) => (
        <span key={ms} className="axis-mark" style={{ insetInlineStart: `${at * 100}%` }}>
          {ms === 0 ? "0" : duration(ms).replace(".0 s", " s")}
        </span>
      ))}
      {scale.gaps.map(({ from, to }) => (
        <span
          key={from}
          className="axis-gap"
          style={{
            insetInlineStart: `${scale.at(from) * 100}%`,
            inlineSize: `${(scale.at(to) - scale.at(from)) * 100}%`,
          }}
          title={`${duration(to - from)} in which nothing worked, cut short`}
        >
          {duration(to - from)
            .split(" ")
            .slice(0, 2)
            .join(" ")}
        </span>
      ))}
    </span>
  );
}
