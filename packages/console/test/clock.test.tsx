import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hearDate, serverTime } from "../src/clock.ts";
import { Ago, Elapsed } from "../src/parts/Time.tsx";

const MINUTE = 60_000;
const SERVER = Date.parse("2026-11-27T12:00:00Z");
const now = () => new Date(serverTime(Date.now()));

/** An answer of the server comes, whose clock says this. */
function hear(ms: number): void {
  act(() => hearDate(new Date(ms).toUTCString()));
}

describe("on a machine whose clock is ten minutes slow", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: SERVER - 10 * MINUTE });
    hear(SERVER);
  });

  afterEach(() => {
    cleanup();
    hear(Date.now());
    vi.useRealTimers();
  });

  it("says how long ago something was by the server's clock", () => {
    render(<Ago time={new Date(SERVER - 3 * MINUTE).toISOString()} />);
    expect(screen.getByText("3 min ago")).toBeDefined();
  });

  it("says how long something has been going on by the server's clock, and ticks", () => {
    render(<Elapsed since={new Date(SERVER - 2 * MINUTE).toISOString()} until={null} />);
    expect(screen.getByText("2 min")).toBeDefined();
    act(() => vi.advanceTimersByTime(5_000));
    expect(screen.getByText("2 min 5 s")).toBeDefined();
  });

  it("says it anew when the server's clock turns out to be another one", () => {
    render(<Ago time={new Date(SERVER - 3 * MINUTE).toISOString()} />);
    hear(SERVER + 2 * MINUTE);
    expect(screen.getByText("5 min ago")).toBeDefined();
  });

  it("does not tremble with parts of a second, nor with the time an answer takes", () => {
    const before = now();
    hear(SERVER - 1_000);
    hear(SERVER + 1_000);
    expect(now()).toEqual(before);
  });

  it("keeps what it knows when an answer tells no time", () => {
    const before = now();
    hearDate(null);
    hearDate("yesterday");
    expect(now()).toEqual(before);
  });
});
