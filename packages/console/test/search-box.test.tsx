import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SearchBox } from "../src/runs/SearchBox.tsx";

const onSearch = vi.fn<(words: string | undefined) => void>();

beforeEach(() => {
  vi.useFakeTimers();
  onSearch.mockReset();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function box(words?: string) {
  const view = render(<SearchBox words={words} onSearch={onSearch} />);
  return { ...view, show: (next?: string) => view.rerender(<SearchBox words={next} onSearch={onSearch} />) };
}

const field = () => screen.getByRole<HTMLInputElement>("searchbox", { name: "Search" });
const type = (value: string) => fireEvent.change(field(), { target: { value } });
const wait = (ms: number) => act(() => vi.advanceTimersByTime(ms));

test("words are looked for once, a moment after the last key", () => {
  box();
  type("r");
  wait(200);
  type("rome ");
  wait(299);
  expect(onSearch).not.toHaveBeenCalled();
  wait(1);
  expect(onSearch.mock.calls).toEqual([["rome"]]);
});

test("Enter does not wait, and Escape empties", () => {
  const { show } = box();
  type("rome");
  fireEvent.keyDown(field(), { key: "Enter" });
  show("rome");
  fireEvent.keyDown(field(), { key: "Escape" });
  show();
  wait(1_000);
  expect(onSearch.mock.calls).toEqual([["rome"], [undefined]]);
  expect(field().value).toBe("");
});

test("what is being typed is not replaced by what was looked for before", () => {
  const { show } = box();
  type("ro");
  wait(300);
  type("rome ");
  show("ro");
  expect(field().value).toBe("rome ");
  wait(300);
  show("rome");
  expect(field().value).toBe("rome "); // somebody goes on with another word
  show("oslo"); // by the way back
  expect(field().value).toBe("oslo");
  expect(onSearch.mock.calls).toEqual([["ro"], ["rome"]]);
});

test("who leaves the page in the middle of a word is not called back", () => {
  const { unmount } = box();
  type("rome");
  unmount();
  wait(1_000);
  expect(onSearch).not.toHaveBeenCalled();
});

test.each([
  ["k", { ctrlKey: true }, true],
  ["k", { metaKey: true }, true],
  ["k", {}, false],
  ["k", { ctrlKey: true, shiftKey: true }, false],
  ["x", { ctrlKey: true }, false],
])("the key %s with %o leads to it: %s", (key, how, leads) => {
  box();
  fireEvent.keyDown(document.body, { key, ...how });
  expect(document.activeElement === field()).toBe(leads);
});

test("a dialog keeps its keys", () => {
  render(
    <dialog open>
      <textarea aria-label="Elsewhere" />
    </dialog>,
  );
  box();
  fireEvent.keyDown(screen.getByLabelText("Elsewhere"), { key: "k", ctrlKey: true });
  expect(document.activeElement).not.toBe(field());
});
