import { HeadwayError } from "@headway-run/client";
import { Problem } from "@headway-run/react/components";
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { many } from "../model/words.ts";
import { FieldView } from "./FieldView.tsx";
import { fieldOf, initialValue, type Json, type Schema } from "./schema.ts";
import { type Issue, keyOf, type Path, placeIn, validate } from "./validate.ts";

interface SchemaFormProps {
  schema: Schema;
  submitLabel: string;
  /** Sends the value; what it throws is shown, complaints about fields at the fields. */
  onSubmit: (value: Json) => Promise<unknown>;
  /** What stands between the fields and the button. */
  children?: ReactNode;
}

/** A form made of a JSON Schema; the same can be written as JSON at any time. */
export function SchemaForm({ schema, submitLabel, onSubmit, children }: SchemaFormProps) {
  const [value, setValue] = useState<Json | undefined>(() => initialValue(schema, schema));
  const [asJson, setAsJson] = useState(() => fieldOf(schema, schema).kind === "json");
  const [issues, setIssues] = useState<readonly Issue[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const id = useId();
  useFirstInvalid(form, issues);

  const show = (json: boolean) => {
    setAsJson(json);
    setIssues([]);
    // What is no JSON cannot be shown as fields: they begin anew.
    if (!json && value === undefined) setValue(initialValue(schema, schema));
  };

  const change = (next: Json | undefined) => {
    setValue(next);
    // A field that was complained of is looked at again with every letter, others are left alone.
    if (issues.length > 0) {
      const still = new Set(validate(schema, next, schema).map(({ path }) => keyOf(path)));
      setIssues(issues.filter(({ path }) => still.has(keyOf(path))));
    }
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (pending) return;
    setTrouble(null);
    const wrong = validate(schema, value, schema);
    setIssues(wrong);
    if (wrong.length > 0) return;
    setPending(true);
    try {
      await onSubmit(value ?? null);
    } catch (error) {
      const found = issuesOf(error, value);
      setIssues(found);
      const atFields = found.some(({ path }) => path.length > 0);
      setTrouble(atFields ? null : error instanceof Error ? error.message : `${error}`);
    } finally {
      setPending(false);
    }
  };

  const place = { root: schema, id, issues: new Map(issues.map(({ path, message }) => [keyOf(path), message])) };
  return (
    <form ref={form} className="stack schema-form" noValidate onSubmit={(event) => void submit(event)}>
      {issues.length > 0 && !trouble && (
        <p className="form-wrong" role="alert">
          {many(issues.length, "field needs", "fields need")} another look.
        </p>
      )}
      {asJson ? (
        <FieldView
          {...place}
          schema={{ title: "JSON" }}
          value={value}
          path={[]}
          name="JSON"
          required
          onChange={change}
        />
      ) : (
        <FieldView {...place} schema={schema} value={value} path={[]} name="Input" required top onChange={change} />
      )}
      {children}
      {trouble && <Problem urgent>{trouble}</Problem>}
      <div className="hw-actions">
        <button type="submit" className="hw-button" data-kind="primary" aria-disabled={pending || undefined}>
          {pending ? "Sending…" : submitLabel}
        </button>
        <label className="check">
          <input type="checkbox" checked={asJson} onChange={({ target }) => show(target.checked)} />
          Edit as JSON
        </label>
      </div>
    </form>
  );
}

/** What the server complains of, at the fields it is about. */
function issuesOf(error: unknown, value: Json | undefined): Issue[] {
  const problem = error instanceof HeadwayError ? (error.problem as { errors?: unknown }) : {};
  if (!Array.isArray(problem.errors)) return [];
  return problem.errors.map(({ loc, msg }: { loc: Path; msg: string }) => ({
    path: placeIn(value, loc),
    message: `${msg}.`,
  }));
}

/** After a refused attempt the focus goes to the first field that is wrong. */
function useFirstInvalid(form: { current: HTMLFormElement | null }, issues: readonly Issue[]): void {
  const before = useRef(0);
  useEffect(() => {
    if (issues.length > before.current) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    before.current = issues.length;
  }, [issues, form]);
}
