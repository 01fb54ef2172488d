import type { ConnectionInfo, Snapshot } from "@headway-run/client";
import { useState } from "react";
import { here } from "../api.ts";
import { tripHref } from "../model/route.ts";
import { TripIcon } from "../parts/TripIcon.tsx";

interface ShareLinksProps {
  id: string;
  run: Snapshot;
  connection: ConnectionInfo;
}

/** The same trip elsewhere: another tab, the raw stream, a terminal. */
export function ShareLinks({ id, run, connection }: ShareLinksProps) {
  const stream = here(`headway/v1/runs/${id}/stream`);
  return (
    <section className="hw-panel stack" aria-labelledby="elsewhere">
      <h2 id="elsewhere">The same trip elsewhere</h2>
      <p className="hw-muted">All of them show the same, whenever they join and whatever they missed.</p>
      <ul className="links">
        <li>
          <Elsewhere href={tripHref(id)}>In another tab</Elsewhere>
        </li>
        <li>
          <Elsewhere href={stream}>The raw stream</Elsewhere>
        </li>
        <li>
          <Elsewhere href={here(`headway/v1/runs/${id}`)}>The snapshot, as JSON</Elsewhere>
        </li>
      </ul>
      <Command line={`curl -N ${stream}`} />
      <dl className="facts">
        <dt>Events so far</dt>
        <dd>{run.seq}</dd>
        <dt>Attempt</dt>
        <dd>{run.attempt}</dd>
        <dt>Transport</dt>
        <dd>{transportOf(connection)}</dd>
      </dl>
    </section>
  );
}

function transportOf({ state, transport }: ConnectionInfo): string {
  if (state === "closed") return "none, it has ended";
  return transport === "sse" ? "event stream" : "long polling";
}

function Elsewhere({ href, children }: { href: string; children: string }) {
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {children}
      <TripIcon name="external" />
      <span className="hw-hidden"> (opens a new tab)</span>
    </a>
  );
}

function Command({ line }: { line: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(line);
    setCopied(true);
  };
  return (
    <div className="command">
      <input readOnly aria-label="Command line" value={line} onFocus={({ target }) => target.select()} />
      {navigator.clipboard && (
        <button type="button" className="hw-button" onClick={copy}>
          {copied ? "Copied" : "Copy"}
        </button>
      )}
    </div>
  );
}
