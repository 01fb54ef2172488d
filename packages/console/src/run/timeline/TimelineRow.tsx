import { Icon as SignIcon } from "@headway-run/react/components";
import { memo } from "react";
import { duration, fullTime, ticking } from "../../model/words.ts";
import { Icon } from "../../parts/Icon.tsx";
import { type Row, type Segment, type SegmentKind, spanOf } from "./model.ts";
import type { Scale } from "./scale.ts";
import type { Tree } from "./useTree.ts";

const WORDS: Record<SegmentKind, string> = {
  queued: "queued",
  running: "running",
  waiting: "waiting for an answer",
  done: "done",
  failed: "failed",
  stopped: "stopped",
};

interface TimelineRowProps {
  row: Row;
  scale: Scale;
  now: number;
  tree: Tree;
}

/** A row: what it is, when it began, how long it worked, and its bars. */
export function TimelineRow({ row, scale, now, tree }: TimelineRowProps) {
  const { from, ms } = spanOf(row, now);
  const closed = tree.isClosed(row.id);
  return (
    <tr
      data-row={row.id}
      data-kind={row.kind}
      aria-level={row.level}
      aria-expanded={row.hasChildren ? !closed : undefined}
      tabIndex={row.id === tree.current ? 0 : -1}
      onFocus={() => tree.setCurrent(row.id)}
    >
      <th scope="row" className="timeline-part" data-level={Math.min(row.level, 4)}>
        {row.hasChildren ? (
          <button
            type="button"
            className="twisty"
            tabIndex={-1}
            aria-label={`${closed ? "Open" : "Close"} ${row.title}`}
            onClick={() => tree.toggle(row.id)}
          >
            <Icon name={closed ? "right" : "down"} />
          </button>
        ) : (
          <span className="twisty" />
        )}
        <span className="timeline-title" title={row.title}>
          {row.title}
        </span>
        {row.segments.at(-1)?.kind === "failed" && (
          <span data-tone="bad" className="timeline-sign">
            <SignIcon name="cross" />
          </span>
        )}
      </th>
      <td className="timeline-began" title={from === null ? undefined : fullTime(from)}>
        {from === null ? "–" : `+${duration(from - scale.start)}`}
      </td>
      <td className="timeline-took">{tookText(row, ms)}</td>
      <td className="timeline-track">
        <span className="hw-hidden">{described(row, now)}</span>
        <Track row={row} scale={scale} now={now} />
      </td>
    </tr>
  );
}

function tookText({ segments }: Row, ms: number): string {
  const last = segments.at(-1);
  if (last?.kind === "running" && last.to === null) return ticking(ms);
  return ms === 0 ? "–" : duration(ms);
}

/** The bars in words. */
function described({ segments, ticks }: Row, now: number): string {
  const said = segments
    .filter(({ from, to }) => to !== from || to === null)
    .map(({ kind, from, to }) => `${WORDS[kind]} ${duration((to ?? now) - from)}`);
  const last = segments.at(-1);
  if (last && last.from === last.to) said.push(WORDS[last.kind]);
  const tried = ticks.filter(({ kind }) => kind === "retry").map(({ label }) => `try ${label}`);
  return [...said, ...tried].join(", ") || "to come";
}

const Track = memo(function Track({ row, scale, now }: Omit<TimelineRowProps, "tree">) {
  return (
    <span className="track" aria-hidden="true">
      {scale.gaps.map(({ from, to }) => (
        <i key={`gap ${from}`} className="track-gap" style={placed(scale, from, to)} />
      ))}
      {row.segments.map((segment) => (
        <i
          key={`${segment.from} ${segment.kind}`}
          className="bar-piece"
          data-kind={segment.kind}
          data-open={segment.to === null || undefined}
          style={placed(scale, segment.from, segment.to ?? now)}
          title={titleOf(segment, now)}
        />
      ))}
      {row.ticks.map(({ at, kind, label, text }, place) => (
        <i
          // biome-ignore lint/suspicious/noArrayIndexKey: ticks are only added
          key={place}
          className="tick"
          data-kind={kind}
          style={{ insetInlineStart: `${scale.at(at) * 100}%` }}
          title={text}
        >
          {label}
        </i>
      ))}
    </span>
  );
});

function placed(scale: Scale, from: number, to: number): { insetInlineStart: string; inlineSize: string } {
  const start = scale.at(from);
  return { insetInlineStart: `${start * 100}%`, inlineSize: `${Math.max(0, scale.at(to) - start) * 100}%` };
}

function titleOf({ kind, from, to }: Segment, now: number): string {
  return `${WORDS[kind]} ${duration((to ?? now) - from)}, from ${fullTime(from)}`;
}
