import { type ReactNode, useState } from "react";
import { Badge, CommandButton, OutputText, PhaseStepper, Problem, ProgressBar } from "../src/components/index.ts";
import { runSign, type Tone } from "../src/words/index.ts";
import { Announcements } from "./Announcements.tsx";
import { Cards } from "./Cards.tsx";
import { Connections } from "./Connections.tsx";
import { Piece, Shelf } from "./Shelf.tsx";
import { RUNS, TEXT } from "./samples.ts";

const SCHEMES = { system: "light dark", light: "light", dark: "dark" } as const;

/** All components in all their states. */
export function Gallery(): ReactNode {
  return (
    <main className="gallery">
      <h1>Components of @headway-run/react</h1>
      <Scheme />
      <Progress />
      <Cards />
      <Texts />
      <Connections />
      <Announcements />
      <SmallThings />
    </main>
  );
}

function Scheme(): ReactNode {
  const [chosen, choose] = useState<keyof typeof SCHEMES>("system");
  return (
    <label>
      Colours{" "}
      <select
        value={chosen}
        onChange={({ target }) => {
          const scheme = target.value as keyof typeof SCHEMES;
          choose(scheme);
          document.documentElement.style.colorScheme = SCHEMES[scheme];
        }}
      >
        {Object.keys(SCHEMES).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

const BARS: [percent: number | null, tone: Tone, text: string][] = [
  [null, "busy", "Step 3 of 7, last activity 4 s ago"],
  [0, "busy", "0 %, starting"],
  [42, "busy", "42 %, searching hotels"],
  [100, "good", "100 %"],
  [71, "warn", "5 of 7 days"],
  [35, "bad", "failed at 35 %"],
  [60, "idle", "stopped at 60 %"],
];

function Progress(): ReactNode {
  return (
    <>
      <Shelf title="ProgressBar">
        {BARS.map(([percent, tone, text]) => (
          <Piece key={text} about={text}>
            <ProgressBar label={text} percent={percent} tone={tone} text={text} />
          </Piece>
        ))}
      </Shelf>
      <Shelf title="PhaseStepper" wide>
        {Object.entries(RUNS).map(([about, run]) => (
          <Piece key={about} about={about}>
            <PhaseStepper run={run} label={`Phases of a run that is ${about}`} />
          </Piece>
        ))}
      </Shelf>
    </>
  );
}

function Texts(): ReactNode {
  const output = { attempt: 1, finished: false, from_offset: 0, seq: 9, text: TEXT };
  return (
    <Shelf title="OutputText">
      <Piece about="not begun">
        <OutputText output={undefined} placeholder={<p className="hw-muted">Written once the days are planned.</p>} />
      </Piece>
      <Piece about="being written">
        <OutputText output={{ ...output, text: TEXT.slice(0, 150) }} />
      </Piece>
      <Piece about="finished">
        <OutputText output={{ ...output, finished: true }} />
      </Piece>
      <Piece about="longer than is kept">
        <OutputText output={{ ...output, finished: true, from_offset: 120_000 }} />
      </Piece>
    </Shelf>
  );
}

function SmallThings(): ReactNode {
  const statuses = ["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled"] as const;
  return (
    <Shelf title="Badge, Problem, CommandButton">
      <Piece about="statuses of a run">
        <div className="hw-actions">
          {statuses.map((status) => (
            <Badge key={status} {...runSign(status)} />
          ))}
          <Badge {...runSign("running", true)} />
        </div>
      </Piece>
      <Piece about="what is wrong, and what can be done">
        <Problem hint="try again in a minute">the provider answered 503</Problem>
      </Piece>
      <Piece about="a command that is not done">
        <div className="hw-stack">
          <CommandButton send={() => Promise.reject(new Error("the run has ended already"))}>Cancel</CommandButton>
        </div>
      </Piece>
    </Shelf>
  );
}
