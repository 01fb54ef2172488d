import { HeadwayError } from "@headway-run/client";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SchemaForm } from "../src/form/SchemaForm.tsx";
import type { Json, Schema } from "../src/form/schema.ts";

const SCHEMA: Schema = {
  type: "object",
  properties: {
    name: { type: "string", title: "Name", description: "Of the guest." },
    nights: { type: "integer", title: "Nights", default: 1, minimum: 1 },
    room: { enum: ["single", "double"], title: "Room", default: "double" },
    tags: { type: "array", title: "Tags", items: { type: "string" }, default: [] },
    home: { title: "Home", anyOf: [{ $ref: "#/$defs/Home" }, { type: "null" }], default: null },
    contact: { title: "Contact", oneOf: [{ $ref: "#/$defs/Phone" }, { $ref: "#/$defs/Mail" }] },
  },
  required: ["name", "contact"],
  $defs: {
    Home: {
      type: "object",
      title: "Home",
      properties: { street: { type: "string", title: "Street" } },
      required: ["street"],
    },
    Phone: {
      type: "object",
      title: "Phone",
      properties: { by: { const: "phone" }, number: { type: "string", title: "Number" } },
      required: ["by", "number"],
    },
    Mail: {
      type: "object",
      title: "Mail",
      properties: { by: { const: "mail" }, address: { type: "string", title: "Address" } },
      required: ["by", "address"],
    },
  },
};

afterEach(cleanup);

function show(onSubmit: (value: Json) => Promise<unknown>, schema: Schema = SCHEMA): void {
  render(<SchemaForm schema={schema} submitLabel="Start" onSubmit={onSubmit} />);
}

function type(label: string, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}

const start = () => fireEvent.click(screen.getByRole("button", { name: /Start|Sending/ }));

describe("a form of a schema", () => {
  it("sends what was filled in, with the defaults", async () => {
    const send = vi.fn(async (_: Json) => null);
    show(send);
    type("Name", "Ada");
    type("Nights (optional)", "3");
    fireEvent.click(screen.getByText("Add to Tags"));
    type("Tags 1", "quiet");
    fireEvent.click(screen.getByLabelText("With home"));
    type("Street", "Main Street");
    fireEvent.click(screen.getByLabelText("Mail"));
    type("Address", "ada@example.org");
    start();
    await waitFor(() => expect(send).toHaveBeenCalled());
    expect(send.mock.calls[0]?.[0]).toEqual({
      name: "Ada",
      nights: 3,
      room: "double",
      tags: ["quiet"],
      home: { street: "Main Street" },
      contact: { by: "mail", address: "ada@example.org" },
    });
  });

  it("says at each field what is wrong, goes to the first, and takes it back as it is mended", () => {
    const send = vi.fn(async (_: Json) => null);
    show(send);
    type("Nights (optional)", "many");
    start();
    expect(send).not.toHaveBeenCalled();
    expect(screen.getByRole("alert").textContent).toBe("3 fields need another look.");
    expect(document.activeElement).toBe(screen.getByLabelText("Name"));
    expect(screen.getByText("This has to be a whole number.")).toBeTruthy();
    type("Nights (optional)", "2");
    expect(screen.queryByText("This has to be a whole number.")).toBeNull();
    expect(screen.getByRole("alert").textContent).toBe("2 fields need another look.");
  });

  it("shows what the server complains of at the field it is about", async () => {
    const errors = [{ loc: ["contact", "phone", "number"], msg: "No such number" }];
    const problem = { code: "invalid_input", errors } as object;
    show(() => Promise.reject(new HeadwayError("invalid", "the input does not fit", { status: 422, problem })));
    type("Name", "Ada");
    type("Number", "1");
    start();
    expect(await screen.findByText("No such number.")).toBeTruthy();
    expect(screen.getByLabelText("Number").getAttribute("aria-invalid")).toBe("true");
  });

  it("shows any other trouble as it is", async () => {
    show(() => Promise.reject(new HeadwayError("network")), { type: "integer", title: "Number" });
    type("Number", "4");
    start();
    expect((await screen.findByRole("alert")).textContent).toContain("The server cannot be reached.");
  });

  it("sends once, however often it is pressed", async () => {
    const send = vi.fn((_: Json) => new Promise(() => {}));
    show(send, { type: "string", title: "Text" });
    type("Text", "a");
    start();
    start();
    await screen.findByText("Sending…");
    start();
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("can be written as JSON, and back", () => {
    show(async () => null);
    type("Name", "Ada");
    fireEvent.click(screen.getByLabelText("Edit as JSON"));
    const text = screen.getByLabelText<HTMLTextAreaElement>("JSON");
    expect(JSON.parse(text.value)).toMatchObject({ name: "Ada", nights: 1 });
    fireEvent.change(text, { target: { value: '{"name": "Bob"' } });
    expect(screen.getByText(/This is not JSON/)).toBeTruthy();
    fireEvent.change(text, { target: { value: '{"name": "Bob", "contact": {"by": "mail"}}' } });
    fireEvent.click(screen.getByLabelText("Edit as JSON"));
    expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("Bob");
    expect(screen.getByLabelText<HTMLInputElement>("Mail").checked).toBe(true);
  });

  it("is JSON from the beginning where nothing can be drawn", async () => {
    const send = vi.fn(async (_: Json) => null);
    show(send, {});
    type("JSON", '{"anything": [1]}');
    start();
    await waitFor(() => expect(send).toHaveBeenCalledWith({ anything: [1] }));
  });

  it("of a job that takes nothing sends nothing", async () => {
    const send = vi.fn(async (_: Json) => null);
    show(send, { const: null });
    start();
    await waitFor(() => expect(send).toHaveBeenCalledWith(null));
  });
});
