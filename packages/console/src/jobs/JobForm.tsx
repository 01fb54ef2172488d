import { useHeadway } from "@headway-run/react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { SchemaForm } from "../form/SchemaForm.tsx";
import { initialValue, type Json, type Schema } from "../form/schema.ts";
import { newKey } from "./key.ts";
import type { JobInfo } from "./query.ts";

const NOTHING: Schema = { const: null };

/** Whether the form that comes is to have the focus: it has been chosen from the list, below which it may stand. */
let isFormWanted = false;

export function wantForm(): void {
  isFormWanted = true;
}

/** The form of a job. Sent twice, by a double click or because the answer was lost, it starts one run. */
export function JobForm({ job }: { job: JobInfo }) {
  const headway = useHeadway();
  const navigate = useNavigate();
  const [about, setAbout] = useState({ title: "", group: "" });
  const submission = useRef({ key: "", body: "" });
  const schema = job.input_schema ?? NOTHING;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isFormWanted) title.current?.focus();
    isFormWanted = false;
  }, []);

  const start = async (input: Json) => {
    const given = Object.fromEntries(Object.entries(about).filter(([, text]) => text.trim() !== ""));
    const body = JSON.stringify([input, given]);
    // The same again is the same run, until it has been answered; anything else is another one.
    if (submission.current.body !== body) submission.current = { key: newKey(), body };
    const { id } = await headway.start(job.name, input, { ...given, key: submission.current.key });
    submission.current = { key: "", body: "" };
    if (!title.current) return; // who went elsewhere meanwhile finds it in the list
    await navigate({ to: "/runs/$runId", params: { runId: id } });
  };

  const phases = job.phases.filter(({ title }) => title);
  return (
    <section className="hw-panel stack job-form" aria-labelledby="job-title">
      <header>
        <h2 ref={title} id="job-title" tabIndex={-1}>
          {job.name}
        </h2>
        {job.description && <p className="job-about">{job.description}</p>}
        <p className="muted small">
          {phases.length > 0 && `${phases.map(({ title }) => title).join(" → ")} · `}
          <Link to="/" search={{ job: job.name }}>
            Its runs
          </Link>
        </p>
      </header>
      {initialValue(schema, schema) === null && job.input_schema === null && <p>This job takes nothing.</p>}
      <SchemaForm schema={schema} submitLabel="Start" onSubmit={start}>
        <details className="more">
          <summary>Title and group</summary>
          <div className="fields">
            <About
              label="Title"
              hint="What the run is called in lists."
              value={about.title}
              onChange={(title) => setAbout({ ...about, title })}
            />
            <About
              label="Group"
              hint="A project, a conversation or the like."
              value={about.group}
              onChange={(group) => setAbout({ ...about, group })}
            />
          </div>
        </details>
      </SchemaForm>
    </section>
  );
}

interface AboutProps {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}

function About({ label, hint, value, onChange }: AboutProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} <span className="muted">(optional)</span>
      </label>
      <p id={`${id}-about`} className="about">
        {hint}
      </p>
      <input
        id={id}
        value={value}
        maxLength={200}
        autoComplete="off"
        aria-describedby={`${id}-about`}
        onChange={({ target }) => onChange(target.value)}
      />
    </div>
  );
}
