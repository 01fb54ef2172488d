import { describe, expect, it } from "vitest";
import { fieldOf, initialValue, resolve, type Schema, titleOf, variantOf } from "../src/form/schema.ts";

const ROOT: Schema = {
  $defs: {
    Address: {
      type: "object",
      title: "Address",
      properties: { street: { type: "string" }, country: { enum: ["AT", "CH"], default: "CH" } },
      required: ["street"],
    },
    Tree: { type: "object", properties: { children: { type: "array", items: { $ref: "#/$defs/Tree" } } } },
    Phone: { type: "object", title: "Phone", properties: { by: { const: "phone" }, number: { type: "string" } } },
    Mail: { type: "object", title: "Mail", properties: { by: { const: "mail" }, address: { type: "string" } } },
  },
};

const kind = (schema: Schema) => fieldOf(schema, ROOT).kind;

describe("a schema is drawn", () => {
  it.each<[Schema, string]>([
    [{ type: "string" }, "text"],
    [{ type: "integer" }, "number"],
    [{ type: "number" }, "number"],
    [{ type: "boolean" }, "flag"],
    [{ enum: ["a", "b"] }, "choice"],
    [{ const: 3 }, "fixed"],
    [{ type: "null" }, "fixed"],
    [{ $ref: "#/$defs/Address" }, "object"],
    [{ properties: { a: {} } }, "object"],
    [{ type: "array", items: { type: "string" } }, "list"],
    [{ anyOf: [{ type: "string" }, { type: "integer" }] }, "variants"],
    [{ type: ["string", "integer"] }, "variants"],
    [{ anyOf: [{ $ref: "#/$defs/Address" }, { type: "null" }] }, "optional"],
    [{ oneOf: [{ const: "a" }, { const: "b" }] }, "choice"],
    [{ type: "object", additionalProperties: { type: "string" } }, "json"],
    [{ type: "array", prefixItems: [{ type: "string" }] }, "json"],
    [{}, "json"],
    [{ $ref: "https://elsewhere.example/schema" }, "json"],
    [{ $ref: "#/$defs/Nobody" }, "json"],
  ])("%j as %s", (schema, expected) => {
    expect(kind(schema)).toBe(expected);
  });

  it("as its only kind beside null, which is then an empty field", () => {
    const field = fieldOf({ anyOf: [{ type: "string", format: "date" }, { type: "null" }] }, ROOT);
    expect(field).toMatchObject({ kind: "text", format: "date", nullable: true });
    expect(fieldOf({ type: ["integer", "null"] }, ROOT)).toMatchObject({ kind: "number", whole: true, nullable: true });
    expect(fieldOf({ anyOf: [{ type: "boolean" }, { type: "null" }] }, ROOT)).toMatchObject({
      kind: "choice",
      nullable: true,
    });
    expect(fieldOf({ enum: ["a", null] }, ROOT)).toMatchObject({ kind: "choice", nullable: true });
  });

  it("hidden when it is secret", () => {
    expect(fieldOf({ type: "string", writeOnly: true }, ROOT)).toMatchObject({ secret: true });
    expect(fieldOf({ type: "string", format: "password" }, ROOT)).toMatchObject({ secret: true });
  });

  it("only as deep as one looks, although it refers to itself", () => {
    const field = fieldOf({ $ref: "#/$defs/Tree" }, ROOT);
    expect(field).toMatchObject({ kind: "object", properties: [{ name: "children", required: false }] });
    expect(initialValue({ $ref: "#/$defs/Tree" }, ROOT)).toEqual({});
  });

  it("with what stands beside its reference", () => {
    expect(resolve({ $ref: "#/$defs/Address", description: "Home" }, ROOT)).toMatchObject({
      title: "Address",
      description: "Home",
    });
  });

  it("with all parts of allOf", () => {
    const schema = {
      allOf: [{ $ref: "#/$defs/Address" }, { properties: { zip: { type: "string" } }, required: ["zip"] }],
    };
    expect(resolve(schema, ROOT)["required"]).toEqual(["street", "zip"]);
    expect(kind(schema)).toBe("object");
  });

  it("and a circle of references ends", () => {
    const root = { $defs: { A: { $ref: "#/$defs/B" }, B: { $ref: "#/$defs/A" } } };
    expect(fieldOf({ $ref: "#/$defs/A" }, root).kind).toBe("json");
  });
});

describe("a form begins", () => {
  it("with defaults, fixed values and the parts that are needed", () => {
    const schema: Schema = {
      type: "object",
      properties: {
        name: { type: "string" },
        nights: { type: "integer", default: 1 },
        home: { $ref: "#/$defs/Address" },
        other: { anyOf: [{ $ref: "#/$defs/Address" }, { type: "null" }], default: null },
        by: { const: "web" },
        agreed: { type: "boolean" },
        rooms: { type: "array", items: { enum: ["single"], default: "single" }, minItems: 2 },
        later: { $ref: "#/$defs/Address" },
      },
      required: ["name", "home", "agreed", "rooms"],
    };
    expect(initialValue(schema, ROOT)).toEqual({
      nights: 1,
      home: { country: "CH" },
      other: null,
      by: "web",
      agreed: false,
      rooms: ["single", "single"],
    });
  });

  it("with nothing where nothing is known", () => {
    expect(initialValue({ type: "string" }, ROOT)).toBeUndefined();
  });

  it("each time with a default of its own", () => {
    const schema = { type: "array", items: { type: "string" }, default: ["a"] };
    expect(initialValue(schema, ROOT)).not.toBe(schema.default);
  });
});

describe("a variant is found", () => {
  const field = fieldOf(
    { oneOf: [{ $ref: "#/$defs/Phone" }, { $ref: "#/$defs/Mail" }], discriminator: { propertyName: "by" } },
    ROOT,
  );
  if (field.kind !== "variants") throw new Error("it is not drawn as variants");

  it("by what tells them apart", () => {
    expect(field.discriminator).toBe("by");
    expect(field.variants.map(({ label }) => label)).toEqual(["Phone", "Mail"]);
    expect(variantOf(field, { by: "mail" }, ROOT)).toBe(1);
    expect(variantOf(field, { by: "phone", address: "a" }, ROOT)).toBe(0);
  });

  it("by its names, or its type", () => {
    expect(variantOf(field, { address: "a" }, ROOT)).toBe(1);
    const mixed = fieldOf({ anyOf: [{ type: "string" }, { type: "integer" }, { type: "null" }] }, ROOT);
    if (mixed.kind !== "variants") throw new Error("it is not drawn as variants");
    expect([variantOf(mixed, 3, ROOT), variantOf(mixed, "a", ROOT), variantOf(mixed, null, ROOT)]).toEqual([1, 0, 2]);
  });
});

it("a field is called by its title, else by its name", () => {
  expect(titleOf({ title: "Nights" }, "n")).toBe("Nights");
  expect(titleOf({}, "wake_up_at")).toBe("Wake up at");
});
