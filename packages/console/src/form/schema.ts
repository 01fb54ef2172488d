/**
 * What a form has to know of a JSON Schema: which field a schema is drawn as, and what it begins with.
 *
 * Pure, and as deep as one looks: a schema that refers to itself is followed only as far as somebody opens it. What it
 * cannot draw is written as JSON.
 */

export interface Schema {
  readonly [keyword: string]: unknown;
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface Choice {
  readonly value: Json;
  readonly label: string;
}

export interface Variant {
  readonly label: string;
  readonly schema: Schema;
}

export interface Property {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** How a schema is drawn. `nullable`: an empty field is null. */
export type Field =
  | { kind: "text"; format: string; long: boolean; secret: boolean; nullable: boolean }
  | { kind: "number"; whole: boolean; nullable: boolean }
  | { kind: "flag" }
  | { kind: "choice"; choices: readonly Choice[]; nullable: boolean }
  | { kind: "fixed"; value: Json }
  | { kind: "object"; properties: readonly Property[] }
  | { kind: "list"; items: Schema }
  | { kind: "optional"; inner: Schema }
  | { kind: "variants"; variants: readonly Variant[]; discriminator: string | null }
  | { kind: "json" };

const REFERENCES_MAX = 16;
const LONG_TEXT = 200;

/** Follow `$ref` within the document, and put what stands beside it on top; take what `allOf` adds. */
export function resolve(given: unknown, root: Schema): Schema {
  let schema = asSchema(given);
  for (let followed = 0; typeof schema["$ref"] === "string" && followed < REFERENCES_MAX; followed++) {
    const { $ref, ...beside } = schema;
    schema = { ...asSchema(lookUp(`${$ref}`, root)), ...beside };
  }
  const all = schema["allOf"];
  if (!Array.isArray(all)) return schema;
  const { allOf: _, ...beside } = schema;
  return all
    .map((part) => resolve(part, root))
    .concat(beside)
    .reduce(merge, {});
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function lookUp(reference: string, root: Schema): unknown {
  if (!reference.startsWith("#")) return {};
  const parts = reference.slice(1).split("/").filter(Boolean);
  return parts.reduce<unknown>((place, part) => {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    return asSchema(place)[name];
  }, root);
}

function merge(one: Schema, other: Schema): Schema {
  const properties = { ...asSchema(one["properties"]), ...asSchema(other["properties"]) };
  const required = [...strings(one["required"]), ...strings(other["required"])];
  return {
    ...one,
    ...other,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required: [...new Set(required)] }),
  };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** The types a schema allows, as far as it says. */
export function typesOf(schema: Schema): string[] {
  return strings([schema["type"]].flat());
}

/** Return how a schema is drawn. */
export function fieldOf(given: unknown, root: Schema): Field {
  const schema = resolve(given, root);
  if ("const" in schema) return { kind: "fixed", value: schema["const"] as Json };
  if (Array.isArray(schema["enum"])) return choiceOf(schema["enum"] as Json[]);
  const options = schema["oneOf"] ?? schema["anyOf"];
  if (Array.isArray(options)) return variantsOf(schema, options, root);
  const types = typesOf(schema);
  if (types.length > 1) return severalTypes(schema, types, root);
  return plainField(schema, types[0] ?? (schema["properties"] ? "object" : ""));
}

function plainField(schema: Schema, type: string): Field {
  switch (type) {
    case "string":
      return {
        kind: "text",
        format: typeof schema["format"] === "string" ? schema["format"] : "",
        long: Number(schema["maxLength"] ?? 0) > LONG_TEXT || schema["contentMediaType"] !== undefined,
        secret: schema["writeOnly"] === true || schema["format"] === "password",
        nullable: false,
      };
    case "integer":
    case "number":
      return { kind: "number", whole: type === "integer", nullable: false };
    case "boolean":
      return { kind: "flag" };
    case "null":
      return { kind: "fixed", value: null };
    case "array":
      return Array.isArray(schema["prefixItems"]) || typeof schema["items"] !== "object"
        ? { kind: "json" }
        : { kind: "list", items: asSchema(schema["items"]) };
    case "object":
      return objectOf(schema);
    default:
      return { kind: "json" };
  }
}

/** An object whose names are not known cannot be drawn. */
function objectOf(schema: Schema): Field {
  const properties = Object.entries(asSchema(schema["properties"]));
  if (properties.length === 0 && schema["additionalProperties"] !== false) return { kind: "json" };
  const required = strings(schema["required"]);
  return {
    kind: "object",
    properties: properties.map(([name, each]) => ({ name, schema: asSchema(each), required: required.includes(name) })),
  };
}

function choiceOf(values: readonly Json[]): Field {
  const choices = values.filter((value) => value !== null).map((value) => ({ value, label: labelOf(value) }));
  return { kind: "choice", choices, nullable: choices.length < values.length };
}

function labelOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function severalTypes(schema: Schema, types: readonly string[], root: Schema): Field {
  return variantsOf(
    schema,
    types.map((type) => ({ ...schema, type, title: type })),
    root,
  );
}

function variantsOf(schema: Schema, options: readonly unknown[], root: Schema): Field {
  const resolved = options.map((option) => resolve(option, root));
  const some = resolved.filter((option) => !isNull(option));
  const nullable = some.length < resolved.length;
  const [only] = some;
  if (only && some.length === 1) return nullable ? nullableField(only, root) : fieldOf(only, root);
  if (some.every((option) => "const" in option))
    return choiceOf([...some.map((option) => option["const"] as Json), ...(nullable ? [null] : [])]);
  const variants = some.map((option, place) => ({ label: variantLabel(option, place), schema: option }));
  if (nullable) variants.push({ label: "nothing", schema: { type: "null" } });
  const discriminator = asSchema(schema["discriminator"])["propertyName"];
  return { kind: "variants", variants, discriminator: typeof discriminator === "string" ? discriminator : null };
}

function isNull(schema: Schema): boolean {
  return schema["type"] === "null" || ("const" in schema && schema["const"] === null);
}

/** Text, numbers and choices may be left empty; whether there is a part with fields of its own has to be asked. */
function nullableField(inner: Schema, root: Schema): Field {
  const field = fieldOf(inner, root);
  if (field.kind === "text" || field.kind === "number" || field.kind === "choice") return { ...field, nullable: true };
  if (field.kind === "flag") {
    const choices = [true, false].map((value) => ({ value, label: value ? "yes" : "no" }));
    return { kind: "choice", choices, nullable: true };
  }
  return { kind: "optional", inner };
}

function variantLabel(schema: Schema, place: number): string {
  if (typeof schema["title"] === "string") return schema["title"];
  if ("const" in schema) return labelOf(schema["const"] as Json);
  return typesOf(schema).join(" or ") || `Option ${place + 1}`;
}

/** What a field begins with; undefined: with nothing. */
export function initialValue(given: unknown, root: Schema, required = true): Json | undefined {
  const schema = resolve(given, root);
  if ("default" in schema) return structuredClone(schema["default"]) as Json;
  const field = fieldOf(schema, root);
  if (field.kind === "fixed") return field.value;
  if (!required) return undefined;
  switch (field.kind) {
    case "object":
      return initialObject(field.properties, root);
    case "list":
      return Array.from({ length: Number(schema["minItems"] ?? 0) }, () => initialValue(field.items, root) ?? null);
    case "flag":
      return false;
    case "variants":
      return field.variants[0] && initialValue(field.variants[0].schema, root);
    case "optional":
      return null;
    default:
      return undefined;
  }
}

function initialObject(properties: readonly Property[], root: Schema): { [name: string]: Json } {
  const entries = properties.map(({ name, schema, required }) => [name, initialValue(schema, root, required)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** What a field is called. */
export function titleOf(schema: Schema, name: string): string {
  if (typeof schema["title"] === "string" && schema["title"]) return schema["title"];
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Which variant a value is of: by its discriminator, else by its type and names. */
export function variantOf(field: Extract<Field, { kind: "variants" }>, value: Json | undefined, root: Schema): number {
  if (value === undefined) return 0;
  const scores = field.variants.map(({ schema }) => likeness(schema, value, root));
  return Math.max(0, scores.indexOf(Math.max(...scores)));
}

function likeness(given: Schema, value: Json, root: Schema): number {
  const schema = resolve(given, root);
  if (!isOfType(schema, value)) return -1;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return 1;
  const properties = Object.entries(asSchema(schema["properties"]));
  const fits = properties.filter(([name, each]) => {
    const property = resolve(each, root);
    return "const" in property && value[name] === property["const"];
  });
  const contradicts = properties.some(([name, each]) => {
    const property = resolve(each, root);
    return "const" in property && name in value && value[name] !== property["const"];
  });
  return contradicts ? 0 : 1 + 10 * fits.length + properties.filter(([name]) => name in value).length;
}

/** Whether a value has one of the types a schema names, or it names none. */
export function isOfType(schema: Schema, value: Json): boolean {
  const types = typesOf(schema);
  return types.length === 0 || types.some((type) => TYPES[type]?.(value) ?? true);
}

const TYPES: Record<string, (value: Json) => boolean> = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};
