import { act, cleanup, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Broken } from "../src/shell/Broken.tsx";
import { NotLoaded } from "../src/shell/parts.ts";

let asked: { resolve(answer: Response): void; reject(error: Error): void }[];
const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

beforeEach(() => {
  asked = [];
  vi.useFakeTimers();
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve, reject) => asked.push({ resolve, reject })));
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function opened() {
  const reload = vi.spyOn(location, "reload").mockImplementation(() => {});
  const view = render(<Broken error={new NotLoaded(null)} reset={() => {}} />);
  asked[0]?.reject(new TypeError("the server is away"));
  await wait(2_000);
  expect(asked).toHaveLength(2);
  return { ...view, reload };
}

it("loads the page again when the server is back", async () => {
  const { reload } = await opened();
  asked[1]?.resolve(new Response());
  await wait(0);
  expect(reload).toHaveBeenCalledOnce();
});

it("leaves the page alone to which one has gone meanwhile", async () => {
  const { reload, unmount } = await opened();
  unmount();
  asked[1]?.resolve(new Response());
  await wait(0);
  expect(reload).not.toHaveBeenCalled();
});
