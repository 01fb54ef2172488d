import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useLater } from "../src/hooks/useLater.ts";
import { isOver, LATER_S, laterText, load } from "../src/model/later.ts";

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("a strategy the server knows no more is waited for no longer", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return Response.json({ detail: "there is no run run_1" }, { status: asked.length > 1 ? 404 : 503 });
  });
  const { result } = renderHook(() => useLater());
  await act(async () => result.current.add("run_1", "Bread", "poll"));
  expect(result.current.waiting.map(isOver)).toEqual([false]);
  await act(() => vi.advanceTimersByTimeAsync(LATER_S * 1000));
  expect(result.current.waiting.map(isOver)).toEqual([true]);
  expect(result.current.waiting.map(laterText)).toEqual(["It is not on this server any more."]);
  expect(load(localStorage)).toEqual(result.current.waiting);
  await act(() => vi.advanceTimersByTimeAsync(10 * LATER_S * 1000));
  expect(asked).toHaveLength(2);
});
