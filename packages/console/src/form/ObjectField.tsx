import { Beside, type FieldProps, FieldView } from "./FieldView.tsx";
import { type Json, type Property, titleOf } from "./schema.ts";
import { keyOf } from "./validate.ts";

/** An object: its fields, in a frame of their own. */
export function ObjectField({ properties, top = false, ...props }: FieldProps & { properties: readonly Property[] }) {
  const { id, path, issues, root, schema, value, name, onChange } = props;
  const given = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const change = (key: string, next: Json | undefined) => {
    const { [key]: _, ...others } = given;
    onChange(next === undefined ? others : { ...given, [key]: next });
  };
  const fields = properties.map((property) => (
    <FieldView
      key={property.name}
      root={root}
      id={id}
      issues={issues}
      schema={property.schema}
      value={given[property.name]}
      path={[...path, property.name]}
      name={property.name}
      required={property.required}
      onChange={(next) => change(property.name, next)}
    />
  ));
  if (top) return <div className="fields">{fields}</div>;
  return (
    <fieldset className="part">
      <legend>{titleOf(schema, name)}</legend>
      <Beside id={`${id}${keyOf(path)}`} schema={schema} issue={issues.get(keyOf(path))} />
      <div className="fields">{fields}</div>
    </fieldset>
  );
}
