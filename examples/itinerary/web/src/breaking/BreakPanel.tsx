import type { Snapshot } from "@headway-run/client";
import { Badge } from "@headway-run/react/components";
import { hasEnded, type Sign } from "@headway-run/react/words";
import { useState } from "react";
import type { Demo } from "../api.ts";
import { tripSign } from "../model/words.ts";
import { Kill } from "./Kill.tsx";
import type { Line } from "./line.ts";
import { MyConnection } from "./MyConnection.tsx";
import { TenViewers } from "./TenViewers.tsx";

interface BreakPanelProps {
  run: Snapshot;
  line: Line;
  /** What this server lets one do; null: nothing. */
  demo: Demo | null;
  /** How the page's connection stands. */
  sign: Sign;
}

/** Ways to break what is on this page, each of them real. */
export function BreakPanel({ run, sign, ...means }: BreakPanelProps) {
  const [open, setOpen] = useState(false);
  return (
    <details className="hw-panel break" open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <h2>Try to break it</h2>
      </summary>
      {/* Closed, it asks the server for nothing. */}
      {open && (
        <>
          <p className="levers-signs">
            <Badge {...tripSign(run)} about="Trip" />
            <Badge {...sign} about="Connection" />
          </p>
          <Levers run={run} {...means} />
        </>
      )}
    </details>
  );
}

function Levers({ run, line, demo }: Omit<BreakPanelProps, "sign">) {
  const ended = hasEnded(run.status);
  return (
    <div className="levers">
      <p className="hw-muted">
        Nothing of this is played: connections really break and processes really die. Whatever you do, the trip goes on,
        and in the end every page shows the same.
        {ended && " This one has ended; plan another, or try it again, for something to break."}
      </p>
      <MyConnection line={line} seq={run.seq} pingS={demo?.ping_s ?? null} />
      {demo && <TenViewers runId={run.run_id} seq={run.seq} ended={ended} max={demo.viewers_max} />}
      {demo?.kill && (
        <>
          <Kill
            what="worker"
            idle={ended}
            does={
              <>
                <code>kill -9</code> for the process that plans the days. Nobody warns it.
              </>
            }
            watch="the page stays connected. Another worker takes over, as the next attempt: what was planned stays, what was under way is begun again."
          />
          <Kill
            what="server"
            does={
              <>
                <code>kill -9</code> for the process this page talks to. Its worker ends with it.
              </>
            }
            watch="“Reconnecting”, and nothing on the page goes blank. The server stays away for two seconds and then starts, which takes a few more, on a busy machine ten; the page is back by itself after that, and the trip goes on."
          />
        </>
      )}
      <p className="hw-muted">The place provider is slowed down, broken and switched off with its own dial, above.</p>
    </div>
  );
}
