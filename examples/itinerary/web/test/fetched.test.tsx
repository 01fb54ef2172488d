import { act, cleanup, fireEvent, render, renderHook, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useFetched } from "../src/hooks/useFetched.ts";
import { ProviderDial } from "../src/provider/ProviderDial.tsx";

const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** Each question that was asked can be answered when the test wants it. */
function questions() {
  const asked: ((answer: string) => void)[] = [];
  const load = () => new Promise<string>((answer) => asked.push(answer));
  return { asked, load };
}

describe("what is asked for now and then", () => {
  it("is shown also where each answer takes longer than until the next question", async () => {
    const { asked, load } = questions();
    const { result } = renderHook(() => useFetched(load, 1_000));
    await wait(2_500);
    expect(asked).toHaveLength(3);
    asked[0]?.("first");
    await wait(0);
    expect(result.current.data).toBe("first");
    asked[2]?.("third");
    await wait(0);
    asked[1]?.("second, late");
    await wait(0);
    expect(result.current.data).toBe("third");
  });

  it("is not what was asked before somebody changed it", async () => {
    const { asked, load } = questions();
    const { result } = renderHook(() => useFetched(load));
    act(() => result.current.replace("changed"));
    asked[0]?.("as it was before");
    await wait(0);
    expect(result.current.data).toBe("changed");
  });

  it("is asked for again by itself while it cannot be had, and no more then", async () => {
    const load = vi.fn(async () => "there").mockRejectedValueOnce(new Error("The server cannot be reached."));
    const { result } = renderHook(() => useFetched(load));
    await wait(0);
    expect(result.current.trouble).toBe("The server cannot be reached.");
    await wait(5_000);
    expect(result.current).toMatchObject({ data: "there", trouble: null });
    await wait(60_000);
    expect(load).toHaveBeenCalledTimes(2);
  });
});

it("a dial that was refused is forgotten when one asks again", async () => {
  const dial = { latency_min_s: 0, latency_max_s: 0, fault_rate: 0, down: false };
  vi.stubGlobal("fetch", async (_url: string, { method }: RequestInit) =>
    method === "PUT" ? Response.json({ detail: "The provider is away." }, { status: 503 }) : Response.json(dial),
  );
  render(<ProviderDial searchS={null} />);
  await wait(0);
  fireEvent.click(screen.getByRole("switch"));
  await wait(0);
  expect(screen.getByText(/The provider is away/)).toBeDefined();
  fireEvent.click(screen.getByRole("button", { name: "Ask again" }));
  await wait(0);
  expect(screen.queryByText(/The provider is away/)).toBeNull();
});
