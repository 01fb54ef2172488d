import { Problem } from "@headway-run/react/components";
import { useEffect, useRef, useState } from "react";
import { type Dial, readDial, turnDial } from "../api.ts";
import { useFetched } from "../hooks/useFetched.ts";
import { latencyOf, latencyRange } from "../model/dial.ts";
import { Slider } from "./Slider.tsx";

/** A slider being dragged is not a wish yet. */
const SETTLE_MS = 250;

interface ProviderDialProps {
  /** Seconds the planner may search, the other dial: it is set where the server is started. Null: not known. */
  searchS: number | null;
}

export function ProviderDial({ searchS }: ProviderDialProps) {
  const { data, trouble, reload, replace } = useFetched(readDial);
  const [wish, setWish] = useState<Partial<Dial>>({});
  const [refusal, setRefusal] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const again = () => {
    setRefusal(null);
    reload();
  };

  const turn = (change: Partial<Dial>, settleMs = 0) => {
    const all = { ...wish, ...change };
    setWish(all);
    clearTimeout(timer.current);
    const mine = setTimeout(() => {
      turnDial(all)
        .then((dial) => {
          replace(dial);
          setRefusal(null);
        })
        .catch((error: Error) => setRefusal(error.message))
        .finally(() => timer.current === mine && setWish({}));
    }, settleMs);
    timer.current = mine;
  };

  return (
    <section className="hw-panel stack" aria-labelledby="provider">
      <h2 id="provider">Place provider</h2>
      <p className="hw-muted">
        A second process on this machine plays a remote service: places, opening hours and walks come from it over HTTP.
        Slow it down or break it, and see what becomes of the trip.
      </p>
      {data && <Controls dial={{ ...data, ...wish }} isDown={data.down} onTurn={turn} />}
      {searchS !== null && <SearchBudget seconds={searchS} />}
      {(refusal ?? trouble) && (
        <Problem
          action={
            <button type="button" className="hw-button" onClick={again}>
              Ask again
            </button>
          }
        >
          {refusal ?? trouble ?? ""}
        </Problem>
      )}
    </section>
  );
}

/** The other dial. It is only told here: what a run began with is what it ends with. */
function SearchBudget({ seconds }: { seconds: number }) {
  return (
    <dl className="facts dial">
      <dt>Search for a day's best tour</dt>
      <dd>at most {seconds} s</dd>
      <dd className="hw-muted">
        Set by <code>HEADWAY_DEMO_SEARCH_S</code> when the server is started.
      </dd>
    </dl>
  );
}

interface ControlsProps {
  /** As the reader wants it. */
  dial: Dial;
  /** As the provider has it. */
  isDown: boolean;
  onTurn: (change: Partial<Dial>, settleMs?: number) => void;
}

function Controls({ dial, isDown, onTurn }: ControlsProps) {
  const latency = latencyOf(dial);
  return (
    <>
      <Slider
        label="Time per call"
        text={latency < 0.1 ? "at once" : `about ${latency.toFixed(1)} s`}
        value={latency}
        max={3}
        step={0.1}
        onChange={(seconds) => onTurn(latencyRange(seconds), SETTLE_MS)}
      />
      <Slider
        label="Calls that fail"
        text={`${Math.round(dial.fault_rate * 100)} %`}
        value={Math.round(dial.fault_rate * 100)}
        max={60}
        step={5}
        onChange={(percent) => onTurn({ fault_rate: percent / 100 }, SETTLE_MS)}
      />
      <label className="switch">
        <input
          type="checkbox"
          role="switch"
          checked={dial.down}
          aria-checked={dial.down}
          onChange={({ target }) => onTurn({ down: target.checked })}
        />
        <span>
          The provider is down
          <small className="hw-muted">{isDown ? "Every call is refused." : "Calls are answered."}</small>
        </span>
      </label>
    </>
  );
}
