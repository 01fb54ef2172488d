import { HeadwayError, type RunHandle, type Snapshot } from "@headway-run/client";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Commands } from "../src/run/Commands.tsx";

const RUN = {
  run_id: "run_1",
  title: "Nightly import",
  status: "running",
  attempt: 1,
  items: {},
} as unknown as Snapshot;

function handleOf(cancel: RunHandle["cancel"]): RunHandle {
  return { cancel } as RunHandle;
}

describe("cancelling", () => {
  afterEach(cleanup);

  it("means the attempt that was shown when one was asked", async () => {
    const cancel = vi.fn(async () => ({}) as Awaited<ReturnType<RunHandle["cancel"]>>);
    const { rerender } = render(<Commands run={{ ...RUN, cancel_requested_at: null }} handle={handleOf(cancel)} />);
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    fireEvent.change(screen.getByRole("textbox"), { target: { value: " too slow " } });
    // Meanwhile it failed, and somebody tries it again.
    rerender(<Commands run={{ ...RUN, cancel_requested_at: null, attempt: 2 }} handle={handleOf(cancel)} />);
    fireEvent.click(screen.getByRole("button", { name: "Cancel the run" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(cancel).toHaveBeenCalledExactlyOnceWith("too slow", 1);
  });

  it("says why it was refused, and means the present attempt when one asks again", async () => {
    const cancel = vi.fn(async (_reason?: string, attempt?: number) => {
      if (attempt === 1) throw new HeadwayError("conflict", "The run was tried again after its attempt 1.");
      return {} as Awaited<ReturnType<RunHandle["cancel"]>>;
    });
    const { rerender } = render(<Commands run={{ ...RUN, cancel_requested_at: null }} handle={handleOf(cancel)} />);
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    rerender(<Commands run={{ ...RUN, cancel_requested_at: null, attempt: 2 }} handle={handleOf(cancel)} />);
    fireEvent.click(screen.getByRole("button", { name: "Cancel the run" }));
    expect((await screen.findByRole("alert")).textContent).toContain("tried again after its attempt 1");
    fireEvent.click(screen.getByRole("button", { name: "Keep it running" }));
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    fireEvent.click(screen.getByRole("button", { name: "Cancel the run" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(cancel).toHaveBeenLastCalledWith(undefined, 2);
  });
});
