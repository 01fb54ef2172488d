import { act, renderHook } from "@testing-library/react";
import { StrictMode } from "react";
import { expect, test, vi } from "vitest";
import { useCommand } from "../src/index.ts";

/** A command whose answer comes when the test wants it. */
function command() {
  let answer: (value: string) => void = () => {};
  const action = () =>
    new Promise<string>((resolve) => {
      answer = resolve;
    });
  return { action, answer: (value: string) => act(async () => answer(value)) };
}

test("what comes of a command gets its answer", async () => {
  const { result } = renderHook(useCommand, { wrapper: StrictMode });
  const { action, answer } = command();
  const then = vi.fn();
  act(() => void result.current.send(action, then));
  expect(result.current.pending).toBe(true);
  await answer("run_1");
  expect(then).toHaveBeenCalledExactlyOnceWith("run_1");
  expect(result.current).toMatchObject({ pending: false, trouble: null });
});

test("nobody is fetched back who went elsewhere before it was answered", async () => {
  const { result, unmount } = renderHook(useCommand);
  const { action, answer } = command();
  const then = vi.fn();
  act(() => void result.current.send(action, then));
  unmount();
  await answer("run_1");
  expect(then).not.toHaveBeenCalled();
});

test("nothing comes of a command that failed, or could not be sent", async () => {
  const { result } = renderHook(useCommand);
  const then = vi.fn();
  await act(() => result.current.send(() => Promise.reject(new Error("The server cannot be reached.")), then));
  expect(result.current.trouble).toBe("The server cannot be reached.");
  await act(() => result.current.send(() => undefined, then));
  expect(result.current.trouble).toBeNull();
  expect(then).not.toHaveBeenCalled();
});
