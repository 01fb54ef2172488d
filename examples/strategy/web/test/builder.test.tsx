import { EMPTY } from "@headway-run/client/fold";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Builder } from "../src/api.ts";
import { BuilderForm } from "../src/home/BuilderForm.tsx";
import { type Later, later } from "./answers.ts";

const SAMPLE = { documents: 1, words: 1_000 };
const BUILDER: Builder = {
  sample: { own: SAMPLE, competitors: SAMPLE },
  sites: {},
  limits: { bytes: 1_000, kinds: "Text" },
  model: null,
};
let created: Later<Response>;

beforeEach(() => {
  created = later();
  location.hash = "#/";
  vi.stubGlobal("fetch", () => created.promise);
});

afterEach(cleanup);

function send() {
  const view = render(<BuilderForm builder={BUILDER} />);
  fireEvent.click(screen.getByRole("button", { name: "Write the strategy" }));
  return view;
}

const answer = () =>
  act(async () => created.resolve(Response.json({ id: "run_1", snapshot: { ...EMPTY, run_id: "run_1" } })));

test("it leads to the strategy it ordered", async () => {
  send();
  await answer();
  await vi.waitFor(() => expect(location.hash).toBe("#/strategies/run_1"));
});

test("it fetches nobody back who went elsewhere before it was answered", async () => {
  const settled = vi.spyOn(Response.prototype, "json");
  const { unmount } = send();
  unmount();
  location.hash = "#/strategies/run_0";
  await answer();
  await vi.waitFor(() => expect(settled).toHaveReturned());
  await act(async () => {});
  expect(location.hash).toBe("#/strategies/run_0");
});
