import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Markdown } from "../src/parts/Markdown.tsx";

const drawn = (text: string) => render(<Markdown text={text} />).container.querySelector(".prose")?.innerHTML;

test("paragraphs, lists and what is bold", () => {
  expect(drawn("One\nline.\n\n- **a**, b\n- c\n\nEnd")).toBe(
    "<p>One line.</p><ul><li><strong>a</strong>, b</li><li>c</li></ul><p>End</p>",
  );
});

test("a list that follows its sentence is a list", () => {
  expect(drawn("Figures:\n- a")).toBe("<p>Figures:</p><ul><li>a</li></ul>");
});

test("what looks like HTML is text", () => {
  expect(drawn("<img src=x onerror=alert(1)>")).toBe("<p>&lt;img src=x onerror=alert(1)&gt;</p>");
});
