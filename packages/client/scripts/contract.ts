/**
 * Writes `src/contract.gen.ts`: the types and constants this package shares with the Python side.
 *
 * The sources are in `conformance/`: JSON Schema of events and snapshot, the constants, the error codes. The result is
 * committed; a test compares it with a fresh one, so that a change of the contract that was not generated fails.
 */

import { readFile, writeFile } from "node:fs/promises";
import { load } from "js-yaml";
import { compile, type JSONSchema } from "json-schema-to-typescript";

const CONFORMANCE = new URL("../../../conformance/", import.meta.url);
const TARGET = new URL("../src/contract.gen.ts", import.meta.url);

/** The part of JSON Schema that pydantic writes. `tsType` is understood by json-schema-to-typescript. */
interface Schema {
  $defs?: Record<string, Schema>;
  $ref?: string;
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  description?: string;
  enum?: unknown[];
  items?: Schema;
  maxItems?: number;
  properties?: Record<string, Schema>;
  title?: string;
  tsType?: string;
  type?: string;
}

interface Code {
  code: string;
  kind: "http" | "run";
}

/** Names that would hide a global of the same name in every file that imports them. */
const RENAMED: Record<string, string> = { Error: "RunError" };

const HEADER = `// Made by \`npm run generate\` from conformance/. Do not edit.
`;

const EVENTS = `
export type EventType = keyof Payloads;

/** Any event of a log, told apart by \`type\`. A newer server may send types that are not in this list. */
export type RunEvent = { [Type in EventType]: Envelope<Type, Payloads[Type]> }[EventType];

/** The event of one type. */
export type EventOf<Type extends EventType> = Extract<RunEvent, { type: Type }>;
`;

/** Return the text of the generated file. */
export async function contract(): Promise<string> {
  const [types, constants, codes] = await Promise.all([contractTypes(), contractConstants(), errorCodes()]);
  return HEADER + types + EVENTS + constants + codes;
}

async function contractTypes(): Promise<string> {
  const envelope = prepare(await json<Schema>("schema/envelope.schema.json"));
  const payloads = prepare(await json<Schema>("schema/payloads.schema.json"));
  const snapshot = prepare(await json<Schema>("schema/snapshot.schema.json"));
  envelope.properties = { ...envelope.properties, type: { tsType: "Type" }, data: { tsType: "Data" } };
  const $defs = { ...payloads.$defs, ...snapshot.$defs };
  const parts = { payloads, snapshot, envelope };
  const root = { $defs, title: "Contract", type: "object", properties: parts, required: [] };
  const text = await compile(root as unknown as JSONSchema, "Contract", {
    additionalProperties: false,
    bannerComment: "",
    style: { printWidth: 120 },
  });
  return text
    .replace(/export interface Contract \{[^}]*\}\n/, "") // only holds them together
    .replace("interface Envelope {", "interface Envelope<Type extends string, Data> {")
    .replace(/\{\s*\[k: string\]: ([^;]*);\s*\}/g, "Record<string, $1>");
}

/** Make a schema say in TypeScript what pydantic meant. */
function prepare(schema: Schema): Schema {
  const { $defs, properties, description, maxItems: _, ...rest } = schema;
  const fields = new Map(describedFields(description));
  const prepared: Schema = { ...rest };
  if (rest.$ref !== undefined) prepared.$ref = renameRef(rest.$ref);
  if (rest.title !== undefined) prepared.title = RENAMED[rest.title] ?? rest.title;
  if (description !== undefined) prepared.description = markdown(description.split("\n\nAttributes:")[0] ?? "");
  if (rest.anyOf) prepared.anyOf = rest.anyOf.map(prepare);
  if (rest.items) prepared.items = prepare(rest.items);
  if (typeof rest.additionalProperties === "object") prepared.additionalProperties = prepare(rest.additionalProperties);
  if (rest.additionalProperties === true) return { ...prepared, tsType: "Record<string, unknown>" };
  if (isAnything(schema)) return { ...prepared, tsType: "unknown" };
  if (properties) {
    prepared.properties = mapValues(properties, (field, name) => {
      const text = fields.get(name);
      return prepare(text === undefined ? field : { ...field, description: text });
    });
  }
  if ($defs)
    prepared.$defs = Object.fromEntries(Object.entries($defs).map(([name, def]) => [rename(name), prepare(def)]));
  return prepared;
}

function isAnything(schema: Schema): boolean {
  return !("type" in schema || "anyOf" in schema || "$ref" in schema || "enum" in schema || "const" in schema);
}

/** Read the `Attributes:` part of a Google-style docstring: one line and its continuations per field. */
function describedFields(description = ""): [string, string][] {
  const section = description.split("\n\nAttributes:\n")[1] ?? "";
  return [...section.matchAll(/^ {4}(\w+): (.*(?:\n {8}.*)*)/gm)].map(([, name = "", text = ""]) => [
    name,
    markdown(text.replace(/\n {8}/g, " ")),
  ]);
}

/** The sources are written for Python readers, where code stands between two backticks. */
function markdown(text: string): string {
  return text.replaceAll("``", "`");
}

function rename(name: string): string {
  return RENAMED[name] ?? name;
}

function renameRef(ref: string): string {
  return ref.replace(/[^/]+$/, rename);
}

async function contractConstants(): Promise<string> {
  const constants = await json<Record<string, number | string[]>>("schema/constants.json");
  const lines = Object.entries(constants).map(([name, value]) =>
    typeof value === "number"
      ? `export const ${name} = ${value};`
      : `export const ${name} = [${value.map((one) => JSON.stringify(one)).join(", ")}] as const;`,
  );
  return `\n${lines.join("\n")}\n`;
}

async function errorCodes(): Promise<string> {
  const codes = load(await text("errors.yaml")) as Code[];
  const union = (kind: Code["kind"]) =>
    codes
      .filter((entry) => entry.kind === kind)
      .map((entry) => `\n  | ${JSON.stringify(entry.code)}`)
      .join("");
  return `
/** The \`code\` of an answer that is a problem. */
export type ProblemCode =${union("http")};

/** The \`code\` inside the \`error\` of an event, as far as Headway itself writes it; applications add their own. */
export type RunErrorCode =${union("run")};
`;
}

function mapValues<In, Out>(object: Record<string, In>, change: (value: In, name: string) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}

function text(name: string): Promise<string> {
  return readFile(new URL(name, CONFORMANCE), "utf8");
}

async function json<Value>(name: string): Promise<Value> {
  return JSON.parse(await text(name)) as Value;
}

if (import.meta.main) await writeFile(TARGET, await contract());
