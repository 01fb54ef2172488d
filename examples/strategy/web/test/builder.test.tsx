import { EMPTY } from "@headway-run/client/fold";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Builder } from "../src/api.ts";
import { BuilderForm } from "../src/home/BuilderForm.tsx";

const SAMPLE = { documents: 1, words: 1_000 };
const BUILDER: Builder = {
  sample: { own: SAMPLE, competitors: SAMPLE },
  sites: {},
  limits: { bytes: 1_000, kinds: "Text" },
  model: null,
};

beforeEach(() => {
  location.hash = "#/";
  vi.stubGlobal("fetch", async () => Response.json({ id: "run_1", snapshot: { ...EMPTY, run_id: "run_1" } }));
});

afterEach(cleanup);

async function ordered({ leave }: { leave: boolean }): Promise<string> {
  const answered = vi.spyOn(Response.prototype, "json");
  const { unmount } = render(<BuilderForm builder={BUILDER} />);
  fireEvent.click(screen.getByRole("button", { name: "Write the strategy" }));
  if (leave) unmount();
  await vi.waitFor(() => expect(answered).toHaveReturned());
  await act(async () => {});
  return location.hash;
}

test("it leads to the strategy it ordered", async () => {
  expect(await ordered({ leave: false })).toBe("#/strategies/run_1");
});

test("it fetches nobody back who went elsewhere before it was answered", async () => {
  expect(await ordered({ leave: true })).toBe("#/");
});
