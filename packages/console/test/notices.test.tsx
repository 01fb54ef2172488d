import type { Notice, RunHandle } from "@headway-run/client";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OperatorNotices, useOperatorNotices } from "../src/run/OperatorNotices.tsx";

/** Of the run that is watched: what it tells, and what it is asked for. */
let tell: (notice: Notice) => void;
let found: Notice[] | undefined;
const asked: string[] = [];

const handle = {
  on(_topic: "notice", listener: (notice: Notice) => void) {
    tell = (notice) => act(() => listener(notice));
    return () => {};
  },
  getSnapshot: () => ({ run: { cursor: "7.x" } }),
} as unknown as RunHandle;

function Page({ ended = false }: { ended?: boolean }) {
  return <OperatorNotices notices={useOperatorNotices("run_1", handle, ended)} />;
}

function shown(): (string | null)[] {
  return [...document.querySelectorAll(".hw-banner p")].map(({ textContent }) => textContent);
}

const IN_A_MINUTE = () => new Date(Date.now() + 60_000).toISOString();

beforeEach(() => {
  found = [];
  asked.length = 0;
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return new Response(JSON.stringify({ events: [], notices: found }), {
      headers: { Date: new Date().toUTCString() },
    });
  });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe("what operators say, while the run goes on", () => {
  beforeEach(() => void render(<Page />));

  it("is shown once, however often it comes", () => {
    tell({ id: "n1", text: "Back at noon", level: "warning", until: null });
    tell({ id: "n1", text: "Back at noon", level: "warning", until: null });
    expect(shown()).toEqual(["From the operators: Back at noon"]);
    fireEvent.click(screen.getByRole("button", { name: "Close" }));
    tell({ id: "n1", text: "Back at noon", level: "warning", until: null });
    expect(shown()).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("may be the same twice: one is closed, the other stays", () => {
    tell({ text: "Hello" });
    tell({ text: "Hello" });
    tell({ id: "n2", text: "Hello" });
    fireEvent.click(screen.getAllByRole("button", { name: "Close" })[1] as HTMLElement);
    expect(shown()).toEqual(["From the operators: Hello", "From the operators: Hello"]);
    tell({ id: "n2", over: true });
    expect(shown()).toEqual(["From the operators: Hello"]);
  });

  it("goes when it is over, also where nobody has seen it", () => {
    tell({ id: "n1", text: "Back at noon" });
    tell({ id: "n1", over: true });
    tell({ id: "n9", over: true });
    expect(shown()).toEqual([]);
  });

  it("goes when its time has passed, and takes the clock with it", () => {
    vi.useFakeTimers();
    tell({ id: "n1", text: "Back at noon", until: IN_A_MINUTE() });
    tell({ id: "n2", text: "Read the news", until: null });
    act(() => vi.advanceTimersByTime(58_000));
    expect(shown()).toHaveLength(2);
    act(() => vi.advanceTimersByTime(3_000));
    expect(shown()).toEqual(["From the operators: Read the news"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("what operators say, after its end", () => {
  it("is looked for, and goes when it does not stand any more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    found = [{ id: "n1", text: "Back at noon", until: null }];
    const { rerender } = render(<Page />);
    tell({ id: "n0", text: "Withdrawn just then", until: null });
    tell({ text: "Said once" });
    rerender(<Page ended />);
    await vi.waitFor(() =>
      expect(shown()).toEqual(["From the operators: Said once", "From the operators: Back at noon"]),
    );
    found = [];
    await act(() => vi.advanceTimersByTimeAsync(15_000));
    expect(shown()).toEqual(["From the operators: Said once"]);
    expect(asked[0]).toContain("/v1/runs/run_1/events?limit=1&after=7.x");
  });

  it("is kept where the server does not say what stands", async () => {
    found = undefined;
    const { rerender } = render(<Page />);
    tell({ id: "n1", text: "Back at noon" });
    rerender(<Page ended />);
    await waitFor(() => expect(asked).toHaveLength(1));
    expect(shown()).toEqual(["From the operators: Back at noon"]);
  });
});
