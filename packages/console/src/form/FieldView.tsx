import type { ReactNode } from "react";
import { Choices, Flag, JsonText, NumberInput, TextInput } from "./inputs.tsx";
import { ListField } from "./ListField.tsx";
import { ObjectField } from "./ObjectField.tsx";
import { OptionalField } from "./OptionalField.tsx";
import { type Field, fieldOf, type Json, resolve, type Schema, titleOf } from "./schema.ts";
import { VariantsField } from "./VariantsField.tsx";
import { keyOf, type Path } from "./validate.ts";

/** What all fields of a form share. */
export interface Place {
  root: Schema;
  /** Beginning of every id in this form. */
  id: string;
  /** What is wrong, by place. */
  issues: ReadonlyMap<string, string>;
}

export interface FieldProps extends Place {
  schema: Schema;
  /** Undefined: nothing was given. */
  value: Json | undefined;
  path: Path;
  /** What it is called where its schema has no title. */
  name: string;
  required: boolean;
  /** It is all of the form: an object needs no frame. */
  top?: boolean;
  onChange: (value: Json | undefined) => void;
}

/** What a field's control needs to be tied to its label, its description and its complaint. */
export interface Tied {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
  "aria-required": boolean;
}

/** One field, whatever its schema says it is. */
export function FieldView(props: FieldProps): ReactNode {
  const schema = resolve(props.schema, props.root);
  const field = fieldOf(schema, props.root);
  switch (field.kind) {
    case "object":
      return <ObjectField {...props} schema={schema} properties={field.properties} />;
    case "list":
      return <ListField {...props} schema={schema} items={field.items} />;
    case "optional":
      return <OptionalField {...props} schema={schema} inner={field.inner} />;
    case "variants":
      return <VariantsField {...props} schema={schema} field={field} />;
    case "fixed":
      return null;
    default:
      return <Simple {...props} schema={schema} field={field} />;
  }
}

type SimpleKind = Extract<Field, { kind: "text" | "number" | "flag" | "choice" | "json" }>;

function Simple({ field, ...props }: FieldProps & { field: SimpleKind }): ReactNode {
  const { id, path, issues, schema, name, required } = props;
  const key = keyOf(path);
  const issue = field.kind === "json" ? issueWithin(issues, key) : issues.get(key);
  const tied = tie(props, issue);
  const title = titleOf(schema, name);
  if (field.kind === "flag") {
    return (
      <div className="field">
        <label className="check" htmlFor={tied.id}>
          <Flag {...props} tied={tied} />
          {title}
        </label>
        <Beside id={`${id}${key}`} schema={schema} issue={issue} />
      </div>
    );
  }
  return (
    <div className="field">
      <label htmlFor={tied.id}>
        {title}
        {!required && <span className="muted"> (optional)</span>}
      </label>
      <Beside id={`${id}${key}`} schema={schema} issue={issue} />
      {field.kind === "text" && <TextInput {...props} field={field} tied={tied} />}
      {field.kind === "number" && <NumberInput {...props} field={field} tied={tied} />}
      {field.kind === "choice" && <Choices {...props} field={field} tied={tied} />}
      {field.kind === "json" && <JsonText {...props} tied={tied} />}
    </div>
  );
}

/** What is wrong anywhere in a value that is written as JSON. */
function issueWithin(issues: ReadonlyMap<string, string>, key: string): string | undefined {
  const within = [...issues].filter(([place]) => place === key || place.startsWith(`${key}/`));
  const said = within.map(([place, message]) =>
    place === key ? message : `${place.slice(key.length + 1)}: ${message}`,
  );
  return said.length > 0 ? said.join(" ") : undefined;
}

function tie({ id, path, schema, required }: FieldProps, issue: string | undefined): Tied {
  const key = keyOf(path);
  const beside = [
    typeof schema["description"] === "string" && `${id}${key}-about`,
    issue !== undefined && `${id}${key}-issue`,
  ].filter(Boolean);
  return {
    id: `${id}${key}`,
    "aria-describedby": beside.length > 0 ? beside.join(" ") : undefined,
    "aria-invalid": issue !== undefined,
    "aria-required": required,
  };
}

/** What is said of a field, and what is wrong with it. */
export function Beside({ id, schema, issue }: { id: string; schema: Schema; issue: string | undefined }): ReactNode {
  const about = schema["description"];
  return (
    <>
      {typeof about === "string" && (
        <p id={`${id}-about`} className="about">
          {about}
        </p>
      )}
      {issue !== undefined && (
        <p id={`${id}-issue`} className="issue">
          {issue}
        </p>
      )}
    </>
  );
}
