import { Badge, CommandButton } from "@headway-run/react/components";
import type { Sign } from "@headway-run/react/words";
import { useId, useState } from "react";
import { Dialog } from "../parts/Dialog.tsx";
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
  /** What is to be confirmed: as it was when the button was pressed, whatever others switch meanwhile. */
  const [wish, setWish] = useState<{ name: string; on: boolean } | null>(null);
  const title = useId();
  const change = (wanted: string[] | null) => switchTransports(wanted).then(onChange);
  const switched = (name: string, isOn: boolean) => [...on.filter((one) => one !== name), ...(isOn ? [name] : [])];
  return (
    <section className="stack" aria-labelledby={title}>
      <div className="section-head">
        <h2 id={title}>Transports</h2>
        {set && <CommandButton send={() => change(null)}>As the servers were started</CommandButton>}
      </div>
      <ul className="transports">
        {known.map((name) => (
          <li key={name} className="hw-panel transport" data-transport={name}>
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
                onClick={() => setWish({ name, on: !on.includes(name) })}
              >
                Switch {on.includes(name) ? "off" : "on"}
              </button>
            </div>
          </li>
        ))}
      </ul>
      {wish && (
        <Dialog
          title={`Switch ${(ABOUT[wish.name]?.name ?? wish.name).toLowerCase()} ${wish.on ? "on" : "off"}?`}
          action={wish.on ? "Switch on" : "Switch off"}
          danger={!wish.on}
          onSubmit={() => change(switched(wish.name, wish.on))}
          onClose={() => setWish(null)}
        >
          <p>{wish.on ? "On every server, at once." : ABOUT[wish.name]?.off}</p>
          <p className="muted small">It is stored: servers that start later keep to it.</p>
        </Dialog>
      )}
    </section>
  );
}
