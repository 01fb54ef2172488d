import { useId } from "react";
import { type FieldProps, FieldView } from "./FieldView.tsx";
import { initialValue, resolve, type Schema, titleOf } from "./schema.ts";

/** A part with fields of its own that may be left out: first it is asked whether there is one. */
export function OptionalField({ inner, ...props }: FieldProps & { inner: Schema }) {
  const { root, schema, value, name, onChange } = props;
  const id = useId();
  const given = value !== null && value !== undefined;
  const title = titleOf({ ...resolve(inner, root), ...schema }, name);
  return (
    <div className="field">
      <label className="check" htmlFor={id}>
        <input
          id={id}
          type="checkbox"
          checked={given}
          onChange={({ target }) => onChange(target.checked ? (initialValue(inner, root) ?? null) : null)}
        />
        With {title.charAt(0).toLowerCase() + title.slice(1)}
      </label>
      {given && <FieldView {...props} schema={{ ...inner, title }} />}
    </div>
  );
}
