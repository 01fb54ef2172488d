/** What is wrong with a value, by the keywords a form knows. The server has the last word: it knows all of them. */

import { fieldOf, isOfType, type Json, resolve, type Schema, typesOf, variantOf } from "./schema.ts";

export type Path = readonly (string | number)[];

export interface Issue {
  readonly path: Path;
  readonly message: string;
}

/** One key for a place in a value. */
export function keyOf(path: Path): string {
  return path.map((part) => `/${part}`).join("");
}

/** @returns What is wrong, in the order of the fields; nothing when it fits as far as can be told here. */
export function validate(given: unknown, value: Json | undefined, root: Schema, path: Path = []): Issue[] {
  const schema = resolve(given, root);
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (value !== undefined && Array.isArray(options)) return ofOptions(schema, options, value, root, path);
  const wrong = ofKind(schema, value);
  if (value === undefined || wrong !== null) return [{ path, message: wrong ?? NEEDED }];
  if (typeof value === "string") return ofText(schema, value, path);
  if (typeof value === "number") return ofNumber(schema, value, path);
  if (Array.isArray(value)) return ofList(schema, value, root, path);
  return typeof value === "object" && value !== null ? ofObject(schema, value, root, path) : [];
}

const NEEDED = "This is needed.";

/** Why a value is none of those that are possible, or null. */
function ofKind(schema: Schema, value: Json | undefined): string | null {
  if (value === undefined) return NEEDED;
  if ("const" in schema) return same(schema["const"], value) ? null : `This has to be ${said(schema["const"])}.`;
  if (Array.isArray(schema["enum"])) {
    return schema["enum"].some((one) => same(one, value)) ? null : value === null ? NEEDED : "Choose one of these.";
  }
  if (isOfType(schema, value)) return null;
  return value === null ? NEEDED : `This has to be ${typeName(typesOf(schema))}.`;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function said(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

const NAMES: Record<string, string> = {
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "yes or no",
  array: "a list",
  object: "an object",
  null: "empty",
};

function typeName(types: readonly string[]): string {
  return types.map((type) => NAMES[type] ?? type).join(" or ");
}

/** It has to fit one of them; when it fits none, what is said is about the one it is most like. */
function ofOptions(schema: Schema, options: readonly unknown[], value: Json, root: Schema, path: Path): Issue[] {
  const found = options.map((option) => validate(option, value, root, path));
  if (found.some((issues) => issues.length === 0)) return [];
  const field = fieldOf(schema, root);
  if (field.kind === "variants") {
    const variant = field.variants[variantOf(field, value, root)];
    return variant ? validate(variant.schema, value, root, path) : [];
  }
  const closest = found.find((_, place) => !typesOf(resolve(options[place], root)).includes("null"));
  return closest ?? found[0] ?? [];
}

function ofText(schema: Schema, value: string, path: Path): Issue[] {
  const { minLength, maxLength, pattern } = schema;
  const length = [...value].length;
  const issue = (message: string): Issue[] => [{ path, message }];
  if (typeof minLength === "number" && length < minLength) {
    return issue(length === 0 ? "This is needed." : `At least ${minLength} characters.`);
  }
  if (typeof maxLength === "number" && length > maxLength) return issue(`At most ${maxLength} characters.`);
  if (typeof pattern === "string" && !matches(pattern, value)) return issue(`This does not match ${pattern}`);
  return [];
}

/** A pattern this browser cannot read is the server's to check. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

function ofNumber(schema: Schema, value: number, path: Path): Issue[] {
  const limit = (name: string): number | null => (typeof schema[name] === "number" ? (schema[name] as number) : null);
  const [least, most] = [limit("minimum"), limit("maximum")];
  const [above, below, step] = [limit("exclusiveMinimum"), limit("exclusiveMaximum"), limit("multipleOf")];
  const issue = (message: string): Issue[] => [{ path, message }];
  if (least !== null && value < least) return issue(`At least ${least}.`);
  if (most !== null && value > most) return issue(`At most ${most}.`);
  if (above !== null && value <= above) return issue(`More than ${above}.`);
  if (below !== null && value >= below) return issue(`Less than ${below}.`);
  if (step !== null && Math.abs(value / step - Math.round(value / step)) > 1e-9) return issue(`A multiple of ${step}.`);
  return [];
}

function ofList(schema: Schema, value: readonly Json[], root: Schema, path: Path): Issue[] {
  const { minItems, maxItems, items } = schema;
  const issues: Issue[] = [];
  if (typeof minItems === "number" && value.length < minItems) issues.push({ path, message: `At least ${minItems}.` });
  if (typeof maxItems === "number" && value.length > maxItems) issues.push({ path, message: `At most ${maxItems}.` });
  if (typeof items !== "object" || items === null) return issues;
  return [...issues, ...value.flatMap((one, place) => validate(items, one, root, [...path, place]))];
}

function ofObject(schema: Schema, value: { [name: string]: Json }, root: Schema, path: Path): Issue[] {
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, unknown>);
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return properties.flatMap(([name, each]) =>
    name in value || required.includes(name) ? validate(each, value[name], root, [...path, name]) : [],
  );
}

/**
 * Find the field a server's complaint is about. Its place may name variants on the way (`contact`, `phone`, `number`),
 * which are no part of the value.
 */
export function placeIn(value: Json | undefined, loc: Path): Path {
  const path: (string | number)[] = [];
  let at: Json | undefined = value;
  for (const [place, part] of loc.entries()) {
    if (typeof at !== "object" || at === null) break;
    const here: Json | undefined = (at as { [name: string | number]: Json })[part];
    if (here === undefined && place < loc.length - 1) continue;
    path.push(part);
    at = here;
  }
  return path;
}
