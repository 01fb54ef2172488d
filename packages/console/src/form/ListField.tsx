import { useRef } from "react";
import { Icon } from "../parts/Icon.tsx";
import { Beside, type FieldProps, FieldView } from "./FieldView.tsx";
import { initialValue, type Json, resolve, type Schema, titleOf } from "./schema.ts";
import { keyOf } from "./validate.ts";

/** A list: each entry with a button that removes it, and one that adds another. */
export function ListField({ items, ...props }: FieldProps & { items: Schema }) {
  const { id, path, issues, root, schema, value, name, required, onChange } = props;
  const list = Array.isArray(value) ? value : [];
  const title = titleOf(schema, name);
  const adding = useRef<HTMLButtonElement>(null);
  const key = keyOf(path);
  const change = (place: number, next: Json | undefined) =>
    onChange(list.map((one, at) => (at === place ? (next ?? null) : one)));
  const remove = (place: number) => {
    onChange(list.filter((_, at) => at !== place));
    adding.current?.focus();
  };
  const entry: Schema = { title: "Entry", ...resolve(items, root) };
  return (
    <fieldset className="part" aria-describedby={issues.has(key) ? `${id}${key}-issue` : undefined}>
      <legend>
        {title}
        {!required && <span className="muted"> (optional)</span>}
      </legend>
      <Beside id={`${id}${key}`} schema={schema} issue={issues.get(key)} />
      {list.map((one, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries have no names, and keep their places but for those removed
        <div key={place} className="entry">
          <FieldView
            root={root}
            id={id}
            issues={issues}
            schema={{ ...entry, title: `${title} ${place + 1}` }}
            value={one ?? undefined}
            path={[...path, place]}
            name={`${place + 1}`}
            required
            onChange={(next) => change(place, next)}
          />
          <button
            type="button"
            className="hw-button"
            data-kind="quiet"
            aria-label={`Remove ${title} ${place + 1}`}
            onClick={() => remove(place)}
          >
            <Icon name="cross" />
          </button>
        </div>
      ))}
      <button
        ref={adding}
        type="button"
        className="hw-button start"
        data-small
        onClick={() => onChange([...list, initialValue(items, root) ?? null])}
      >
        <Icon name="plus" />
        Add to {title}
      </button>
    </fieldset>
  );
}
