import { Badge, CommandButton } from "@headway-run/react/components";
import type { Sign } from "@headway-run/react/words";
import { useId, useState } from "react";
import { Dialog } from "./Dialog.tsx";
import { type Transports as Switches, switchTransports } from "./query.ts";

const ABOUT: Record<string, { name: string; about: string; off: string }> = {
  sse: {
    name: "Streams",
    about: "Server-sent events: viewers hear of each event at once.",
    off: "Every stream on every server ends now, and its client goes on by polling. Nobody loses anything.",
  },
  poll: {
    name: "Long-polls",
    about: "Requests that wait for news, for viewers whose streams do not get through.",
    off: "Requests no longer wait for news. Plain reading goes on.",
  },
  ingest: {
    name: "Reports",
    about: "Work done elsewhere reports over HTTP.",
    off: "Reporters are refused until it is on again; ours keep what they have to say on their disk.",
  },
};
const ON: Sign = { word: "On", icon: "check", tone: "good" };
const OFF: Sign = { word: "Off", icon: "stop", tone: "warn" };

interface TransportsProps {
  transports: Switches;
  onChange: () => void;
}

/** Which ways in and out are open, and switching them on all servers at once. */
export function Transports({ transports: { known, on, set }, onChange }: TransportsProps) {
  const [asked, setAsked] = useState<string | null>(null);
  const title = useId();
  const change = (wanted: string[] | null) => switchTransports(wanted).then(onChange);
  const flipped = (name: string) => (on.includes(name) ? on.filter((one) => one !== name) : [...on, name]);
  return (
    <section className="stack" aria-labelledby={title}>
      <div className="section-head">
        <h2 id={title}>Transports</h2>
        {set && <CommandButton send={() => change(null)}>As the servers were started</CommandButton>}
      </div>
      <ul className="transports">
        {known.map((name) => (
          <li key={name} className="panel transport" data-transport={name}>
            <div>
              <h3>{ABOUT[name]?.name ?? name}</h3>
              <p className="muted small">{ABOUT[name]?.about}</p>
            </div>
            <div className="hw-actions">
              <Badge {...(on.includes(name) ? ON : OFF)} />
              <button
                type="button"
                className="hw-button"
                data-small
                aria-haspopup="dialog"
                aria-label={`Switch ${on.includes(name) ? "off" : "on"}: ${ABOUT[name]?.name ?? name}`}
                onClick={() => setAsked(name)}
              >
                Switch {on.includes(name) ? "off" : "on"}
              </button>
            </div>
          </li>
        ))}
      </ul>
      {asked && (
        <Dialog
          title={`Switch ${(ABOUT[asked]?.name ?? asked).toLowerCase()} ${on.includes(asked) ? "off" : "on"}?`}
          action={on.includes(asked) ? "Switch off" : "Switch on"}
          danger={on.includes(asked)}
          onSubmit={() => change(flipped(asked))}
          onClose={() => setAsked(null)}
        >
          <p>{on.includes(asked) ? ABOUT[asked]?.off : "On every server, at once."}</p>
          <p className="muted small">It is stored: servers that start later keep to it.</p>
        </Dialog>
      )}
    </section>
  );
}
