import type { Ask, RunHandle, Snapshot } from "@headway-run/client";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { Asks } from "../src/run/Asks.tsx";

afterEach(cleanup);

function runThatAsks(asked_at: string, property: string): Snapshot {
  const schema = { type: "object", properties: { [property]: { type: "string", title: property } } };
  const ask = { prompt: "Which?", schema, asked_at } as unknown as Ask;
  return { asks: { which: ask } } as unknown as Snapshot;
}

it("a question that is asked a second time has a form of its own", () => {
  const handle = { answer: vi.fn(async () => ({})) } as unknown as RunHandle;
  const { rerender } = render(<Asks run={runThatAsks("2026-12-01T08:00:00Z", "size")} handle={handle} />);
  fireEvent.change(screen.getByLabelText(/size/), { target: { value: "large" } });
  // It was answered and asked again, and both came together, as after a break.
  rerender(<Asks run={runThatAsks("2026-12-01T08:01:00Z", "colour")} handle={handle} />);
  fireEvent.change(screen.getByLabelText(/colour/), { target: { value: "red" } });
  fireEvent.click(screen.getByRole("button", { name: "Answer" }));
  expect(handle.answer).toHaveBeenCalledExactlyOnceWith("which", { colour: "red" });
});
