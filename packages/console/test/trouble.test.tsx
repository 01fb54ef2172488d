import { HeadwayError } from "@headway-run/client";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { Trouble } from "../src/parts/Trouble.tsx";

afterEach(cleanup);

it("says once that the server cannot be reached", () => {
  render(<Trouble error={new HeadwayError("network")} what="the runs" onAgain={() => {}} />);
  expect(screen.getByRole("heading").textContent).toBe("The server cannot be reached");
  expect(screen.getByRole("paragraph").textContent).toBe("It is tried again by itself.");
  expect(screen.getByRole("button", { name: "Try again" })).toBeDefined();
});

it("keeps what else is known of it", () => {
  render(<Trouble error={new HeadwayError("network", "the line is cut")} what="the runs" />);
  expect(screen.getByRole("paragraph").textContent).toBe("The line is cut. It is tried again by itself.");
});

it("leads elsewhere where asking again would not help", () => {
  const elsewhere = <a href="/">All runs</a>;
  render(<Trouble error={new HeadwayError("not_found")} what="this run" elsewhere={elsewhere} onAgain={() => {}} />);
  expect(screen.getByRole("link", { name: "All runs" })).toBeDefined();
  expect(screen.queryByRole("button")).toBeNull();
});
