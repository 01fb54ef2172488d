import { Headway } from "@headway-run/client";
import { EMPTY } from "@headway-run/client/fold";
import { HeadwayProvider } from "@headway-run/react";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TripForm } from "../src/home/TripForm.tsx";

const CITIES = ["paris", "rome", "lisbon"].map((id) => ({ id, name: id, country: "somewhere" }));

beforeEach(() => {
  location.hash = "#/";
  vi.stubGlobal("fetch", async () => Response.json({ id: "run_1", snapshot: { ...EMPTY, run_id: "run_1" } }));
});

afterEach(cleanup);

async function planned({ leave }: { leave: boolean }): Promise<string> {
  const answered = vi.spyOn(Response.prototype, "json");
  const { unmount } = render(
    <HeadwayProvider client={new Headway()}>
      <TripForm cities={CITIES} />
    </HeadwayProvider>,
  );
  fireEvent.click(screen.getByRole("button", { name: "Plan this trip" }));
  if (leave) unmount();
  await vi.waitFor(() => expect(answered).toHaveReturned());
  await act(async () => {});
  return location.hash;
}

it("leads to the trip it made", async () => {
  expect(await planned({ leave: false })).toBe("#/trips/run_1");
});

it("fetches nobody back who went elsewhere before it was answered", async () => {
  expect(await planned({ leave: true })).toBe("#/");
});
