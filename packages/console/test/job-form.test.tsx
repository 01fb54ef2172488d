import { Headway } from "@headway-run/client";
import { HeadwayProvider } from "@headway-run/react";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { JobForm } from "../src/jobs/JobForm.tsx";

const navigate = vi.hoisted(() => vi.fn(async () => {}));
vi.mock("@tanstack/react-router", () => ({ Link: "a", useNavigate: () => navigate }));

const JOB = { name: "double", description: null, phases: [], input_schema: null, result_schema: {} };
let answer: (run: { id: string }) => void;

beforeEach(() => void navigate.mockClear());

afterEach(cleanup);

function start() {
  const client = new Headway();
  const started = new Promise<{ id: string }>((resolve) => {
    answer = resolve;
  });
  vi.spyOn(client, "start").mockReturnValue(started as ReturnType<Headway["start"]>);
  const view = render(
    <HeadwayProvider client={client}>
      <JobForm job={JOB} />
    </HeadwayProvider>,
  );
  fireEvent.click(screen.getByRole("button", { name: "Start" }));
  return view;
}

it("leads to the run it started", async () => {
  start();
  await act(async () => answer({ id: "run_1" }));
  expect(navigate).toHaveBeenCalledExactlyOnceWith({ to: "/runs/$runId", params: { runId: "run_1" } });
});

it("fetches nobody back who went elsewhere before it was answered", async () => {
  const { unmount } = start();
  unmount();
  await act(async () => answer({ id: "run_1" }));
  expect(navigate).not.toHaveBeenCalled();
});
