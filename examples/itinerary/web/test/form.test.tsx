import { Headway } from "@headway-run/client";
import { EMPTY } from "@headway-run/client/fold";
import { HeadwayProvider } from "@headway-run/react";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TripForm } from "../src/home/TripForm.tsx";
import { type Later, later } from "./answers.ts";

const CITIES = ["paris", "rome", "lisbon"].map((id) => ({ id, name: id, country: "somewhere" }));
let created: Later<Response>;

beforeEach(() => {
  created = later();
  location.hash = "#/";
  vi.stubGlobal("fetch", () => created.promise);
});

afterEach(cleanup);

function send() {
  const view = render(
    <HeadwayProvider client={new Headway()}>
      <TripForm cities={CITIES} />
    </HeadwayProvider>,
  );
  fireEvent.click(screen.getByRole("button", { name: "Plan this trip" }));
  return view;
}

const answer = () =>
  act(async () => created.resolve(Response.json({ id: "run_1", snapshot: { ...EMPTY, run_id: "run_1" } })));

it("leads to the trip it made", async () => {
  send();
  await answer();
  await vi.waitFor(() => expect(location.hash).toBe("#/trips/run_1"));
});

it("fetches nobody back who went elsewhere before it was answered", async () => {
  const settled = vi.spyOn(Response.prototype, "json");
  const { unmount } = send();
  unmount();
  location.hash = "#/trips/run_0";
  await answer();
  await vi.waitFor(() => expect(settled).toHaveReturned());
  await act(async () => {});
  expect(location.hash).toBe("#/trips/run_0");
});
