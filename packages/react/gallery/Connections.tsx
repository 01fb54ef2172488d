import type { ConnectionState } from "@headway-run/client";
import { type ReactNode, useState } from "react";
import { ConnectionPill, DiagnosticsDialog, RunBanner } from "../src/components/index.ts";
import { Piece, Shelf } from "./Shelf.tsx";
import { GONE, RECORD, RUNS, statusOf } from "./samples.ts";

const STATES: [state: ConnectionState, downMs: number][] = [
  ["idle", 0],
  ["connecting", 3_000],
  ["live", 0],
  ["follower", 0],
  ["stale", 4_000],
  ["backoff", 1_000],
  ["backoff", 4_000],
  ["offline", 0],
  ["closed", 0],
  ["failed", 0],
];

export function Connections(): ReactNode {
  const run = RUNS["in its second phase"] ?? null;
  const away = statusOf("backoff", 14_000);
  return (
    <>
      <Shelf title="ConnectionPill">
        {STATES.map(([state, downMs]) => (
          <Piece key={`${state} ${downMs}`} about={downMs > 0 ? `${state}, for ${downMs / 1000} s` : state}>
            <ConnectionPill status={statusOf(state, downMs)} />
          </Piece>
        ))}
        <Piece about="connecting, for the first time">
          <ConnectionPill status={statusOf("connecting", 0, {}, false)} />
        </Piece>
        <Piece about="polling, as a button">
          <ConnectionPill status={statusOf("live", 0, { transport: "poll" })} onOpen={() => {}} />
        </Piece>
      </Shelf>
      <Shelf title="RunBanner" wide>
        <Piece about="lost for more than ten seconds">
          <RunBanner run={run} status={away} />
        </Piece>
        <Piece about="offline">
          <RunBanner run={run} status={statusOf("offline")} noun="the plan" />
        </Piece>
        <Piece about="nothing has come yet">
          <RunBanner run={null} status={away} />
        </Piece>
        <Piece about="a final error, with an action">
          <RunBanner run={run} status={statusOf("failed")} error={GONE} action={<a href="#home">To all runs</a>} />
        </Piece>
        <Piece about="a failed run">
          <RunBanner run={RUNS["failed"] ?? null} status={statusOf("closed")} onRetry={() => Promise.resolve()} />
        </Piece>
        <Piece about="a partial failure">
          <RunBanner
            run={RUNS["partly done"] ?? null}
            status={statusOf("closed")}
            onRetry={() => Promise.reject(new Error("the server cannot be reached"))}
          />
        </Piece>
      </Shelf>
      <Dialogs />
    </>
  );
}

function Dialogs(): ReactNode {
  const [open, setOpen] = useState<"live" | "lost" | null>(null);
  const [transport, setTransport] = useState<"sse" | "poll">("sse");
  const status = open === "lost" ? statusOf("backoff", 14_000, { transport }) : statusOf("live", 0, { transport });
  return (
    <Shelf title="DiagnosticsDialog">
      <div className="hw-actions">
        <button type="button" className="hw-button" onClick={() => setOpen("live")}>
          Of a connection that is well
        </button>
        <button type="button" className="hw-button" onClick={() => setOpen("lost")}>
          Of one that is lost
        </button>
      </div>
      <DiagnosticsDialog
        open={open !== null}
        onClose={() => setOpen(null)}
        status={status}
        record={open === "lost" ? RECORD : undefined}
        onTransport={(wanted) => setTransport(wanted === "poll" ? "poll" : "sse")}
      />
    </Shelf>
  );
}
