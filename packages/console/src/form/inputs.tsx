/** The controls of single values. What cannot be read as a value is kept as the text it is, and complained of. */

import { type ReactNode, useState } from "react";
import type { FieldProps, Tied } from "./FieldView.tsx";
import type { Field, Json } from "./schema.ts";

type Of<Kind extends Field["kind"]> = Extract<Field, { kind: Kind }>;
type Props = Pick<FieldProps, "schema" | "value" | "onChange" | "required"> & { tied: Tied };

/** Kinds of input a browser has for formats of JSON Schema. */
const INPUTS: Record<string, string> = {
  date: "date",
  time: "time",
  "date-time": "datetime-local",
  email: "email",
  uri: "url",
};

export function TextInput({ field, value, onChange, tied }: Props & { field: Of<"text"> }): ReactNode {
  const { format, long, nullable, secret } = field;
  const shown = typeof value === "string" ? value : "";
  const take = (text: string) => onChange(text === "" ? (nullable ? null : undefined) : fromInput(text, format));
  if (long) return <textarea {...tied} rows={5} value={shown} onChange={({ target }) => take(target.value)} />;
  const type = secret ? "password" : (INPUTS[format] ?? "text");
  return (
    <input
      {...tied}
      type={type}
      step={type === "time" || type === "datetime-local" ? 1 : undefined}
      value={format === "date-time" ? toLocal(shown) : shown}
      autoComplete="off"
      onChange={({ target }) => take(target.value)}
    />
  );
}

/** A date with a time is a moment: what is chosen in the reader's zone is sent with its zone. */
function fromInput(text: string, format: string): string {
  if (format !== "date-time") return text;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : moment.toISOString();
}

function toLocal(text: string): string {
  const moment = new Date(text);
  if (text === "" || Number.isNaN(moment.getTime())) return "";
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

export function NumberInput({ field, value, onChange, tied }: Props & { field: Of<"number"> }): ReactNode {
  const take = (text: string) => {
    const number = Number(text.replace(",", "."));
    if (text.trim() === "") onChange(field.nullable ? null : undefined);
    else onChange(Number.isFinite(number) && `${number}` === text.trim() ? number : text);
  };
  return (
    <input
      {...tied}
      type="text"
      inputMode={field.whole ? "numeric" : "decimal"}
      className="short"
      value={typeof value === "number" || typeof value === "string" ? `${value}` : ""}
      autoComplete="off"
      onChange={({ target }) => take(target.value)}
      onBlur={() => {
        const number = Number(`${value ?? ""}`.replace(",", "."));
        if (typeof value === "string" && value.trim() !== "" && Number.isFinite(number)) onChange(number);
      }}
    />
  );
}

export function Flag({ value, onChange, tied }: Props): ReactNode {
  return (
    <input {...tied} type="checkbox" checked={value === true} onChange={({ target }) => onChange(target.checked)} />
  );
}

export function Choices({ field, value, required, onChange, tied }: Props & { field: Of<"choice"> }): ReactNode {
  const { choices, nullable } = field;
  const chosen = choices.findIndex((choice) => JSON.stringify(choice.value) === JSON.stringify(value));
  const take = (place: number) => onChange(choices[place] ? choices[place].value : nullable ? null : undefined);
  const empty = nullable || !required || chosen < 0;
  return (
    <select {...tied} className="short" value={chosen} onChange={({ target }) => take(Number(target.value))}>
      {empty && <option value={-1}>{nullable || !required ? "–" : "Choose…"}</option>}
      {choices.map(({ label }, place) => (
        <option key={label} value={place}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** Anything at all, as JSON. */
export function JsonText({ value, onChange, tied }: Props): ReactNode {
  const [text, setText] = useState(() => (value === undefined ? "" : JSON.stringify(value, null, 2)));
  const [wrong, setWrong] = useState<string | null>(null);
  const take = (written: string) => {
    setText(written);
    const [read, complaint] = parsed(written);
    setWrong(complaint);
    // An unreadable text is no value: the form says that something is needed, this field says what.
    onChange(read);
  };
  return (
    <>
      <textarea
        {...tied}
        className="code"
        rows={Math.min(20, Math.max(4, text.split("\n").length + 1))}
        spellCheck={false}
        value={text}
        aria-invalid={tied["aria-invalid"] || wrong !== null}
        onChange={({ target }) => take(target.value)}
      />
      {wrong !== null && (
        <p className="issue" role="status">
          {wrong}
        </p>
      )}
    </>
  );
}

function parsed(text: string): [value: Json | undefined, complaint: string | null] {
  if (text.trim() === "") return [undefined, null];
  try {
    return [JSON.parse(text) as Json, null];
  } catch (error) {
    return [undefined, `This is not JSON: ${error instanceof Error ? error.message : error}`];
  }
}
