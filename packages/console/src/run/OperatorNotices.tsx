import type { Notice, RunHandle } from "@headway-run/client";
import { useEffect, useReducer } from "react";
import { ask } from "../api.ts";
import { useServerNow } from "../clock.ts";
import { type Change, changed, NOTHING_SAID } from "./notices.ts";

/** Time between two looks, where no stream tells. */
const LOOK_MS = 15_000;

interface OperatorNoticesProps {
  runId: string;
  handle: RunHandle;
  /** Whether a stream tells of them: it does not where the run is polled, or has ended. */
  streamed: boolean;
}

/** What operators of the server tell everybody who watches. It stays until one has read it, or it is over. */
export function OperatorNotices({ runId, handle, streamed }: OperatorNoticesProps) {
  const [board, change] = useReducer(changed, NOTHING_SAID);
  useEffect(() => handle.on("notice", (notice) => change({ type: "told", notice })), [handle]);
  useLooks(runId, handle, !streamed, change);
  const now = useServerNow(board.shown.some(({ notice }) => notice.until) ? 1_000 : null);
  useEffect(() => change({ type: "late", now }), [now]);
  return (
    <div role="status" className="operator-notices">
      {board.shown.map(({ key, notice }) => (
        <div key={key} className="hw-banner" data-kind="notice" data-level={notice.level ?? "info"}>
          <p>
            <strong>From the operators: </strong>
            {notice.text}
          </p>
          <button type="button" className="hw-button" data-small onClick={() => change({ type: "read", key })}>
            Close
          </button>
        </div>
      ))}
    </div>
  );
}

/** A page of the log says which notices stand, also an empty one. */
function useLooks(runId: string, handle: RunHandle, looking: boolean, change: (change: Change) => void): void {
  useEffect(() => {
    if (!looking) return;
    const life = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const cursor = handle.getSnapshot().run?.cursor;
      if (document.hidden || cursor === undefined) return;
      const path = `/v1/runs/${encodeURIComponent(runId)}/events?limit=1&after=${cursor}`;
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
  }, [runId, handle, looking, change]);
}
