import type { Ask, RunHandle, Snapshot } from "@headway-run/client";
import { Icon } from "@headway-run/react/components";
import { useId } from "react";
import { SchemaForm } from "../form/SchemaForm.tsx";
import type { Json, Schema } from "../form/schema.ts";
import { Ago } from "../parts/Time.tsx";

interface AsksProps {
  run: Snapshot;
  handle: RunHandle;
}

/** What a run waits for somebody to say. */
export function Asks({ run, handle }: AsksProps) {
  return Object.entries(run.asks).map(([id, ask]) => (
    <OneAsk key={`${id} ${ask.asked_at}`} ask={ask} answer={(data) => handle.answer(id, data)} />
  ));
}

function OneAsk({ ask, answer }: { ask: Ask; answer: (data: Json) => Promise<unknown> }) {
  const title = useId();
  return (
    <section className="ask hw-panel stack" data-tone="warn" aria-labelledby={title}>
      <h2 id={title}>
        <Icon name="alert" />
        {ask.prompt}
      </h2>
      <p className="muted small">
        The run waits for an answer. Asked <Ago time={ask.asked_at} />.
      </p>
      <SchemaForm schema={(ask.schema ?? {}) as Schema} submitLabel="Answer" onSubmit={answer} />
    </section>
  );
}
