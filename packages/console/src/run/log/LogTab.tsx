import { useDeferredValue, useMemo, useState, useSyncExternalStore } from "react";
import { many } from "../../model/words.ts";
import { Notice } from "../../parts/Notice.tsx";
import type { LogStore } from "../logStore.ts";
import { Reading } from "../Reading.tsx";
import { LogFilters } from "./LogFilters.tsx";
import { LogScroll } from "./LogScroll.tsx";
import { filterLines, type Level, type Line, type Lines } from "./lines.ts";

interface LogTabProps {
  store: LogStore<Lines>;
  /** The line the address names. */
  seq: number | undefined;
}

/** What the run said of itself, line by line: searched, filtered, followed, or held still. */
export function LogTab({ store, seq }: LogTabProps) {
  const { folded, version, ...reading } = useSyncExternalStore(store.subscribe, store.getSnapshot);
  const [level, setLevel] = useState<Level>("debug");
  const [text, setText] = useState("");
  const [held, setHeld] = useState<readonly Line[] | null>(null);
  const searched = useDeferredValue(text);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version has more lines in the same log
  const all = useMemo(() => [...folded.all], [folded, version]);
  const lines = useMemo(() => filterLines(held ?? all, { level, text: searched }), [held, all, level, searched]);
  const waiting = held === null ? 0 : all.filter(({ seq }) => seq > (held.at(-1)?.seq ?? 0)).length;
  return (
    <div className="stack">
      <LogFilters
        level={level}
        text={text}
        onLevel={setLevel}
        onText={setText}
        paused={held !== null}
        waiting={waiting}
        onPause={() => setHeld(held === null ? all : null)}
      />
      <Reading state={reading} />
      {lines.length > 0 && <LogScroll lines={lines} words={searched} target={seq} />}
      {lines.length === 0 && all.length > 0 && (
        <Notice title="No line matches">Of {many(all.length, "line")} none fits the filter.</Notice>
      )}
      {all.length === 0 && reading.complete && (
        <Notice title="No lines">
          This run has not logged anything. In a job: <code>await run.log("reading", page=3)</code>.
        </Notice>
      )}
      {lines.length > 0 && (
        <p className="muted small">
          {lines.length === all.length
            ? many(all.length, "line")
            : `${lines.length.toLocaleString("en")} of ${many(all.length, "line")}`}
          {folded.dropped > 0 && `; the ${many(folded.dropped, "line")} before them are in the API only`}
        </p>
      )}
    </div>
  );
}
