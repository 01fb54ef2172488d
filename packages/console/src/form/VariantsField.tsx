import { useState } from "react";
import { Beside, type FieldProps, FieldView } from "./FieldView.tsx";
import { type Field, initialValue, titleOf, variantOf } from "./schema.ts";
import { keyOf } from "./validate.ts";

type Variants = Extract<Field, { kind: "variants" }>;

/** One of several kinds of value: which one is chosen first, then it is filled in. */
export function VariantsField({ field, ...props }: FieldProps & { field: Variants }) {
  const { id, path, issues, root, schema, value, name, onChange } = props;
  const [chosen, setChosen] = useState(() => variantOf(field, value, root));
  const key = keyOf(path);
  const variant = field.variants[chosen];
  const choose = (place: number) => {
    setChosen(place);
    const next = field.variants[place];
    onChange(next && initialValue(next.schema, root));
  };
  return (
    <fieldset className="part">
      <legend>{titleOf(schema, name)}</legend>
      <Beside id={`${id}${key}`} schema={schema} issue={undefined} />
      <div className="chips">
        {field.variants.map(({ label }, place) => (
          <label key={label} className="chip">
            <input
              type="radio"
              name={`${id}${key}-variant`}
              checked={place === chosen}
              onChange={() => choose(place)}
            />
            {label}
          </label>
        ))}
      </div>
      {variant && <FieldView key={chosen} {...props} issues={issues} schema={variant.schema} top />}
    </fieldset>
  );
}
