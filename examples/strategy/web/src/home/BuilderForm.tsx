import { useCommand } from "@headway-run/react";
import { Problem } from "@headway-run/react/components";
import { type FormEvent, useRef, useState } from "react";
import { type Builder, order, RequestError } from "../api.ts";
import { clients, POLL_S } from "../clients.ts";
import { type Draft, firstDraft, orderOf, problemOf } from "../model/draft.ts";
import { strategyHref } from "../model/route.ts";
import { Choice } from "../parts/Choice.tsx";
import { SourceField } from "./SourceField.tsx";

export function BuilderForm({ builder }: { builder: Builder }) {
  const [draft, setDraft] = useState(() => firstDraft(new Date()));
  const { pending, trouble, send } = useCommand();
  const sent = useRef({ order: "", key: "" });
  const problem = problemOf(draft);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem || pending) return;
    const make = () => order(orderOf(draft), keyFor(draft)).catch(withHint);
    void send(make, ({ id, snapshot }) => {
      clients[draft.mode].run(id, snapshot); // its parts stand on the next page before it has asked for anything
      location.hash = strategyHref(id, draft.mode);
    });
  };

  /** An order that was not answered may have arrived: sent again as it was, it is the same strategy. */
  const keyFor = (draft: Draft): string => {
    const text = JSON.stringify(orderOf(draft));
    if (sent.current.order !== text) sent.current = { order: text, key: newKey() };
    return sent.current.key;
  };

  return (
    <form className="stack" aria-label="Strategy" onSubmit={submit}>
      <div className="sides">
        <SourceField
          side="own"
          draft={draft.own}
          builder={builder}
          onChange={(own) => setDraft((before) => ({ ...before, own: own(before.own) }))}
        />
        <SourceField
          side="competitors"
          draft={draft.competitors}
          builder={builder}
          onChange={(theirs) => setDraft((before) => ({ ...before, competitors: theirs(before.competitors) }))}
        />
      </div>
      <Details draft={draft} onChange={setDraft} />
      <p className="hw-muted">
        {builder.model
          ? `The sections are written by ${builder.model}.`
          : "The sections are written by templates, from what was counted; a language model can be configured."}
      </p>
      {trouble && <Problem urgent>{trouble}</Problem>}
      <div className="hw-actions">
        <button type="submit" className="hw-button" data-kind="primary" disabled={pending || problem !== null}>
          {pending ? "Starting…" : "Write the strategy"}
        </button>
        <p className="hw-muted" role="status">
          {problem && `${problem}.`}
        </p>
      </div>
    </form>
  );
}

function Details({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  return (
    <div className="details">
      <label className="field">
        <span>Title, if you like</span>
        <input
          maxLength={120}
          value={draft.title}
          placeholder="Named after its text"
          onChange={({ target }) => onChange({ ...draft, title: target.value })}
        />
      </label>
      <label className="field">
        <span>First Monday</span>
        <input
          type="date"
          required
          value={draft.start}
          onChange={({ target }) => onChange({ ...draft, start: target.value })}
        />
      </label>
      <fieldset>
        <legend>Pieces a week</legend>
        <div className="choices">
          {([1, 2, 3] as const).map((number) => (
            <Choice
              key={number}
              name="per-week"
              checked={draft.perWeek === number}
              onChoose={() => onChange({ ...draft, perWeek: number })}
            >
              {`${number}`}
            </Choice>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend>How to watch</legend>
        <div className="choices">
          <Choice
            name="mode"
            about="as it happens"
            checked={draft.mode === "stream"}
            onChoose={() => onChange({ ...draft, mode: "stream" })}
          >
            Streaming
          </Choice>
          <Choice
            name="mode"
            about={`every ${POLL_S} seconds, no stream`}
            checked={draft.mode === "poll"}
            onChoose={() => onChange({ ...draft, mode: "poll" })}
          >
            Polling
          </Choice>
        </div>
      </fieldset>
    </div>
  );
}

function withHint(error: RequestError): never {
  throw error.hint ? new RequestError(`${error.message}; ${error.hint}`, error.status) : error;
}

/** `crypto.randomUUID` is there only on secure pages. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
