import type { RunHandle, Snapshot } from "@headway-run/client";
import { EMPTY } from "@headway-run/client/fold";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { TripHeader } from "../src/trip/TripHeader.tsx";

afterEach(cleanup);

it("what came of a command is no matter once the trip stands otherwise", async () => {
  const handle = { cancel: () => Promise.reject(new Error("The server cannot be reached.")) } as unknown as RunHandle;
  const header = (status: Snapshot["status"]) => (
    <TripHeader run={{ ...EMPTY, title: "Rome", status }} handle={handle} pill={null} />
  );
  const { rerender } = render(header("running"));
  fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect((await screen.findByRole("alert")).textContent).toContain("The server cannot be reached.");
  rerender(header("running"));
  expect(screen.queryByRole("alert")).not.toBeNull();
  rerender(header("succeeded"));
  expect(screen.queryByRole("alert")).toBeNull();
});
