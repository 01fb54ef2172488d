import { Badge, Problem } from "@headway-run/react/components";
import { count, type Sign } from "@headway-run/react/words";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { Dialog } from "../parts/Dialog.tsx";
import { Elapsed } from "../parts/Time.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { queries } from "../queries.ts";
import { bytes } from "./figures.ts";
import { type Connection, type Connections, closeConnection, connectionsQuery, sayTo, type Which } from "./query.ts";
import { Words, wordsIn } from "./Words.tsx";

const STREAM: Sign = { word: "Stream", icon: "check", tone: "good" };
const POLL: Sign = { word: "Poll", icon: "clock", tone: "idle" };
const STALLED: Sign = { word: "Does not read", icon: "alert", tone: "warn" };

interface Chosen {
  connection: Connection;
  act: "close" | "say";
}

interface ViewersProps {
  paused: boolean;
  /** The page says already that what it shows is older. */
  isKnownOld: boolean;
}

/** Who watches, on all servers; each can be told something, or closed. */
export function Viewers({ paused, isKnownOld }: ViewersProps) {
  const [which, setWhich] = useState<Which>({});
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [done, setDone] = useState("");
  const { data, error, refetch } = useQuery(connectionsQuery(which, paused), queries);
  const title = useId();
  const isFiltered = Object.keys(which).length > 0;
  const say = (text: string) => {
    setDone(text);
    void refetch();
  };
  return (
    <section className="stack" aria-labelledby={title}>
      <div className="section-head">
        <h2 id={title}>Who watches</h2>
        {data && <span className="muted small">{data.total.toLocaleString("en")} in all</span>}
      </div>
      <Filters onChoose={setWhich} />
      <p role="status" className="done small">
        {done}
      </p>
      {!data && error && <Trouble error={error} what="the viewers" onAgain={() => void refetch()} />}
      {data && error && !isKnownOld && <Problem hint="What is shown is older">{error.message}</Problem>}
      {data && data.connections.length > 0 && <Table data={data} onChoose={setChosen} />}
      {data?.connections.length === 0 && (
        <p className="empty">{isFiltered ? "Nobody like this watches." : "Nobody watches just now."}</p>
      )}
      {data && data.total > data.connections.length && (
        <p className="muted small">
          The newest {data.connections.length} of {data.total.toLocaleString("en")} are shown: narrow them down.
        </p>
      )}
      {chosen?.act === "close" && (
        <CloseDialog connection={chosen.connection} onDone={say} onClose={() => setChosen(null)} />
      )}
      {chosen?.act === "say" && (
        <SayDialog connection={chosen.connection} onDone={say} onClose={() => setChosen(null)} />
      )}
    </section>
  );
}

function Filters({ onChoose }: { onChoose: (which: Which) => void }) {
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = [...form].map(([name, value]) => [name, `${value}`.trim()]).filter(([, value]) => value !== "");
    onChoose(Object.fromEntries(given));
  };
  return (
    <form className="filters" aria-label="Which viewers" onSubmit={submit}>
      <Field id={`${id}-run`} name="run" label="Run" placeholder="run_…" />
      <Field id={`${id}-viewer`} name="viewer" label="User" placeholder="Any" />
      <Field id={`${id}-client`} name="client" label="Client" placeholder="Any" />
      <div className="filter">
        <label htmlFor={`${id}-transport`}>By</label>
        <select
          id={`${id}-transport`}
          name="transport"
          onChange={({ target }) => target.form?.requestSubmit()}
          defaultValue=""
        >
          <option value="">Any way</option>
          <option value="sse">Stream</option>
          <option value="poll">Poll</option>
        </select>
      </div>
      <button type="submit" className="hw-button">
        Filter
      </button>
    </form>
  );
}

function Field({ id, name, label, placeholder }: Record<"id" | "name" | "label" | "placeholder", string>) {
  return (
    <div className="filter">
      <label htmlFor={id}>{label}</label>
      <input id={id} name={name} placeholder={placeholder} autoComplete="off" spellCheck={false} />
    </div>
  );
}

function Table({ data, onChoose }: { data: Connections; onChoose: (chosen: Chosen) => void }) {
  return (
    <table className="runs row-cards" aria-label="Who watches">
      <thead>
        <tr>
          <th scope="col">Connection</th>
          <th scope="col">Watches</th>
          <th scope="col">Client</th>
          <th scope="col">Open for</th>
          <th scope="col">Sent</th>
          <th scope="col">
            <span className="hw-hidden">What can be done</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {data.connections.map((connection) => (
          <Row key={connection.id} connection={connection} onChoose={onChoose} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ connection, onChoose }: { connection: Connection; onChoose: (chosen: Chosen) => void }) {
  const { id, transport, viewer, client, peer, opened_at, sent_bytes, waiting_bytes, stalled } = connection;
  const sign = stalled ? STALLED : transport === "poll" ? POLL : STREAM;
  return (
    <tr data-connection={id}>
      <th scope="row" className="connection-id">
        <Badge {...sign} />
        <code>{id}</code>
      </th>
      <td data-label="Watches">
        <Watched watched={connection.watched} />
      </td>
      <td data-label="Client">
        {client || "unnamed"}
        <span className="second">{[viewer, peer].filter(Boolean).join(" · ") || "unknown"}</span>
      </td>
      <td data-label="Open for">
        <Elapsed since={opened_at} until={null} />
      </td>
      <td data-label="Sent">
        {bytes(sent_bytes)}
        {waiting_bytes > 0 && <span className="second">{bytes(waiting_bytes)} unread</span>}
      </td>
      <td>
        <div className="hw-actions">
          <Act name="Say something" about={id} onClick={() => onChoose({ connection, act: "say" })} />
          <Act name="Close" about={id} onClick={() => onChoose({ connection, act: "close" })} />
        </div>
      </td>
    </tr>
  );
}

function Act({ name, about, onClick }: { name: string; about: string; onClick: () => void }) {
  return (
    <button
      type="button"
      className="hw-button"
      data-small
      aria-haspopup="dialog"
      aria-label={`${name}: ${about}`}
      onClick={onClick}
    >
      {name}
    </button>
  );
}

function Watched({ watched }: { watched: string[] }) {
  const [first = ""] = watched;
  if (first === "runs") return <>The list of runs</>;
  return (
    <>
      <Link to="/runs/$runId" params={{ runId: first }}>
        <code>…{first.slice(-12)}</code>
      </Link>
      {watched.length > 1 && <span className="second">and {count(watched.length - 1, "more run")}</span>}
    </>
  );
}

interface ActDialogProps {
  connection: Connection;
  onDone: (text: string) => void;
  onClose: () => void;
}

function CloseDialog({ connection: { id }, onDone, onClose }: ActDialogProps) {
  const close = () => closeConnection(id).then(() => onDone(`${id} was closed.`));
  return (
    <Dialog title="Close this connection?" action="Close it" danger onSubmit={close} onClose={onClose}>
      <p>
        <code>{id}</code> ends. Its client comes back by itself and misses nothing: this keeps nobody out.
      </p>
    </Dialog>
  );
}

function SayDialog({ connection: { id, transport }, onDone, onClose }: ActDialogProps) {
  const send = async (form: FormData) => {
    const { text, level } = wordsIn(form);
    const { reached } = await sayTo(id, text, level);
    onDone(reached ? `${id} was told.` : `${id} could not be told: it polls, or does not read.`);
  };
  return (
    <Dialog title="Say something to this viewer" action="Say it" onSubmit={send} onClose={onClose}>
      <p>
        To <code>{id}</code>
        {transport === "poll" ? ", which polls and cannot be told: put a notice instead." : ". It is not stored."}
      </p>
      <Words />
    </Dialog>
  );
}
