import { describe, expect, it } from "vitest";
import type { Json, Schema } from "../src/form/schema.ts";
import { keyOf, placeIn, validate } from "../src/form/validate.ts";

const PHONE = {
  type: "object",
  properties: { by: { const: "phone" }, number: { type: "string", pattern: "^\\+[0-9]+$" } },
  required: ["number"],
};
const MAIL = {
  type: "object",
  properties: { by: { const: "mail" }, address: { type: "string" } },
  required: ["address"],
};

function issues(schema: Schema, value: Json | undefined): string[] {
  return validate(schema, value, schema).map(({ path, message }) => `${keyOf(path)} ${message}`.trim());
}

describe("a value", () => {
  it.each<[Schema, Json | undefined, string[]]>([
    [{ type: "string" }, "a", []],
    [{ type: "string" }, undefined, ["This is needed."]],
    [{ type: "string", minLength: 1 }, "", ["This is needed."]],
    [{ type: "string", minLength: 3 }, "ab", ["At least 3 characters."]],
    [{ type: "string", minLength: 2 }, "👍👍", []],
    [{ type: "string", maxLength: 2 }, "abc", ["At most 2 characters."]],
    [{ type: "string", pattern: "^[a-z]+$" }, "A", ["This does not match ^[a-z]+$"]],
    [{ type: "string", pattern: "(?P<year>[0-9]+" }, "A", []],
    [{ type: "integer" }, "abc", ["This has to be a whole number."]],
    [{ type: "integer" }, 1.5, ["This has to be a whole number."]],
    [{ type: "integer", minimum: 1 }, 0, ["At least 1."]],
    [{ type: "number", maximum: 1 }, 2, ["At most 1."]],
    [{ type: "number", exclusiveMinimum: 0 }, 0, ["More than 0."]],
    [{ type: "number", exclusiveMaximum: 1 }, 1, ["Less than 1."]],
    [{ type: "number", multipleOf: 0.1 }, 0.3, []],
    [{ type: "number", multipleOf: 5 }, 7, ["A multiple of 5."]],
    [{ type: ["integer", "null"] }, null, []],
    [{ enum: ["a", 1] }, 1, []],
    [{ enum: ["a"] }, "b", ["Choose one of these."]],
    [{ const: "a" }, "b", ["This has to be a."]],
    [{ type: "array", items: { type: "integer" }, minItems: 2 }, [1], ["At least 2."]],
    [
      { type: "array", items: { type: "integer" }, maxItems: 1 },
      [1, "x"],
      ["At most 1.", "/1 This has to be a whole number."],
    ],
    [{ anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] }, null, []],
    [{ anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] }, 0, ["At least 1."]],
    [{ anyOf: [{ type: "null" }, { type: "integer", minimum: 1 }] }, 0, ["At least 1."]],
    [{ oneOf: [PHONE, MAIL] }, { by: "mail", address: "a" }, []],
    [{ oneOf: [PHONE, MAIL] }, { by: "mail" }, ["/address This is needed."]],
    [{}, { anything: [1] }, []],
  ])("%j %j", (schema, value, expected) => {
    expect(issues(schema, value)).toEqual(expected);
  });

  it("is looked at all the way down", () => {
    const schema: Schema = {
      type: "object",
      properties: { homes: { type: "array", items: { $ref: "#/$defs/Home" } }, note: { type: "string" } },
      required: ["homes"],
      $defs: { Home: { type: "object", properties: { street: { type: "string" } }, required: ["street"] } },
    };
    expect(issues(schema, { homes: [{ street: "a" }, {}] })).toEqual(["/homes/1/street This is needed."]);
    expect(issues(schema, {})).toEqual(["/homes This is needed."]);
  });
});

describe("the place a server complains of", () => {
  const value = { contact: { by: "phone" }, homes: [{ street: "" }], wake_up: "x" };

  it.each<[(string | number)[], string]>([
    [["contact", "phone", "number"], "/contact/number"],
    [["homes", 0, "street"], "/homes/0/street"],
    [["arrival"], "/arrival"],
    [["wake_up", "time"], "/wake_up"],
    [[], ""],
  ])("%j is the field %s", (loc, expected) => {
    expect(keyOf(placeIn(value, loc))).toBe(expected);
  });
});
