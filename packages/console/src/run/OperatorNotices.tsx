import type { Notice, RunHandle } from "@headway-run/client";
import { useEffect, useReducer, useRef } from "react";
import { ask } from "../api.ts";
import { useServerNow } from "../clock.ts";
import { type Change, changed, NOTHING_SAID, type Said } from "./notices.ts";

/** Time between two looks, where nobody tells. */
const LOOK_MS = 15_000;

export interface UsedNotices {
  readonly shown: readonly Said[];
  read(key: number): void;
}

/**
 * What operators of the server tell everybody who watches.
 *
 * @param ended Whether the connection has ended with the run: it tells of them no more.
 */
export function useOperatorNotices(runId: string, handle: RunHandle | null, ended: boolean): UsedNotices {
  const [board, change] = useReducer(changed, NOTHING_SAID);
  useEffect(() => handle?.on("notice", (notice) => change({ type: "told", notice })), [handle]);
  const cursor = handle?.getSnapshot().run?.cursor;
  useLooks(runId, ended ? cursor : undefined, change);
  const now = useServerNow(board.shown.some(({ notice }) => notice.until) ? 1_000 : null);
  useEffect(() => change({ type: "late", now }), [now]);
  return { shown: board.shown, read: (key) => change({ type: "read", key }) };
}

/** They stay until one has read them, or they are over. */
export function OperatorNotices({ notices: { shown, read } }: { notices: UsedNotices }) {
  return (
    <div role="status" className="operator-notices">
      {shown.map(({ key, notice }) => (
        <div key={key} className="hw-banner" data-kind="notice" data-level={notice.level ?? "info"}>
          <p>
            <strong>From the operators: </strong>
            {notice.text}
          </p>
          <button type="button" className="hw-button" data-small onClick={() => read(key)}>
            Close
          </button>
        </div>
      ))}
    </div>
  );
}

/**
 * A page of the log says which notices stand, also an empty one: asked for behind the last event that is known.
 *
 * @param cursor Of that event; undefined: nothing is asked for.
 */
function useLooks(runId: string, cursor: string | undefined, change: (change: Change) => void): void {
  const latest = useRef(cursor);
  latest.current = cursor;
  const known = cursor !== undefined;
  useEffect(() => {
    if (!known) return;
    const life = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      if (document.hidden) return;
      const path = `/v1/runs/${encodeURIComponent(runId)}/events?limit=1&after=${latest.current}`;
      const { notices } = await ask<{ notices?: Notice[] }>(path, life.signal);
      if (notices) change({ type: "found", notices });
    };
    const goOn = () => {
      // What cannot be had now is looked for again; that the server is away is said elsewhere.
      void look()
        .catch(() => {})
        .finally(() => {
          if (!life.signal.aborted) timer = setTimeout(goOn, LOOK_MS);
        });
    };
    goOn();
    return () => {
      life.abort();
      clearTimeout(timer);
    };
  }, [runId, known, change]);
}
