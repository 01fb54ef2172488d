import { Problem } from "@headway-run/react/components";
import { useEffect, useState } from "react";
import { type Builder, readBuilder } from "../api.ts";
import type { Later } from "../hooks/useLater.ts";
import { isOver } from "../model/later.ts";
import { BuilderForm } from "./BuilderForm.tsx";
import { StrategyList } from "./StrategyList.tsx";

export function HomePage({ later }: { later: Later }) {
  const [builder, setBuilder] = useState<Builder | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks again
  useEffect(() => {
    readBuilder().then(setBuilder, (error: Error) => setTrouble(error.message));
  }, [round]);
  const ready = later.waiting.filter(isOver).length;
  useEffect(() => {
    document.title = ready > 0 ? `(${ready} ready) Strategy` : "Strategy";
  }, [ready]);
  const again = () => {
    setTrouble(null);
    setRound((one) => one + 1);
  };
  return (
    <main className="hw-page home" tabIndex={-1}>
      <div className="lead">
        <h1>A content strategy from your own text</h1>
        <p className="hw-muted">
          Text in; keywords, topics, gaps, a calendar of twelve weeks and a written strategy out, as they are found.
        </p>
      </div>
      <section className="hw-panel" aria-labelledby="build">
        <h2 id="build">New strategy</h2>
        {trouble && !builder && (
          <Problem
            action={
              <button type="button" className="hw-button" onClick={again}>
                Try again
              </button>
            }
          >
            {trouble}
          </Problem>
        )}
        {builder ? <BuilderForm builder={builder} /> : !trouble && <p className="hw-muted">Loading…</p>}
      </section>
      <StrategyList later={later} />
    </main>
  );
}
