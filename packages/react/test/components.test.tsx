import { HeadwayError, type Snapshot } from "@headway-run/client";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, describe, expect, test, vi } from "vitest";
import { RECORD, statusOf } from "../gallery/samples.ts";
import {
  CommandButton,
  ConnectionPill,
  DiagnosticsDialog,
  ItemCard,
  OutputText,
  PhaseStepper,
  ProgressBar,
  RunAnnouncer,
  RunBanner,
} from "../src/components/index.ts";
import { BAR_MS, QUIET_MS } from "../src/words/index.ts";
import { DOWN, PLANNING, trip } from "./support/trip.ts";

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });
const text = () => document.body.textContent;

describe("ProgressBar", () => {
  const bar = () => screen.getByRole("progressbar", { name: "Trip" });

  test("is determinate only with a number, and never goes backwards within an attempt", () => {
    const of = (percent: number | null, attempt = 1) => (
      <ProgressBar label="Trip" percent={percent} text={`${percent} %, planning`} attempt={attempt} />
    );
    const { rerender } = render(of(null));
    expect(bar().hasAttribute("aria-valuenow")).toBe(false);
    expect(bar().hasAttribute("data-unknown")).toBe(true);
    const values = [10, 42, 40, 43].map((percent) => {
      rerender(of(percent));
      return bar().getAttribute("aria-valuenow");
    });
    expect(values).toEqual(["10", "42", "42", "43"]);
    expect(bar().getAttribute("aria-valuetext")).toBe("43 %, planning");
    rerender(of(5, 2));
    expect(bar().getAttribute("aria-valuenow")).toBe("5");
    rerender(of(130, 2));
    expect(bar().getAttribute("aria-valuenow")).toBe("100");
  });
});

describe("PhaseStepper", () => {
  test("marks the phase at work, and says how each stands", () => {
    render(<PhaseStepper run={trip(...PLANNING)} titles={{ plan: "Plan the days" }} />);
    const list = screen.getByRole("list", { name: "Phases" });
    expect([...list.children].map((one) => one.textContent)).toEqual([
      "Gather2 of 2 cities, done",
      "Plan the days0 of 2 days, under way",
      "Enhanceto come",
      "Writeto come",
    ]);
    expect([...list.children].map((one) => one.getAttribute("aria-current"))).toEqual([null, "step", null, null]);
  });
});

describe("ItemCard", () => {
  test("holds its place before there is anything, in one sentence for those who listen", () => {
    render(<ItemCard title="Day 1" state="planned" />);
    expect(screen.getByRole("heading", { level: 3, name: "Day 1" })).toBeTruthy();
    expect(document.querySelectorAll(".hw-skeleton[aria-hidden=true] i")).toHaveLength(3);
    expect(text()).toContain("Day 1: Not begun yet.");
  });

  test("shows its own progress, and what is being tried again", () => {
    const progress = { done: 3, total: 8, message: "Measuring" };
    render(<ItemCard title="Day 1" state="retrying" progress={progress} setback={{ message: "a/b: it is down" }} />);
    const bar = screen.getByRole("progressbar", { name: "Day 1" });
    expect(bar.getAttribute("aria-valuenow")).toBe("37");
    expect(bar.getAttribute("aria-valuetext")).toBe("Measuring, 3 of 8");
    expect(text()).toContain("Being tried again. It is down.");
  });

  test("of a failed item says why, has it tried again, and says why that was not done", async () => {
    const onRetry = vi.fn(() => Promise.reject(new Error("the run goes on")));
    render(<ItemCard title="Day 1" state="failed" error={{ ...DOWN, hint: "wait a minute" }} onRetry={onRetry} />);
    expect(text()).toContain("The provider is down. Wait a minute.");
    await act(async () => button("Try again: Day 1").click());
    expect(onRetry).toHaveBeenCalledTimes(1);
    expect(screen.getByRole("alert").textContent).toContain("The run goes on.");
  });

  test("of a failed item whose run goes on says when it can be tried again", () => {
    render(<ItemCard title="Day 1" state="failed" onRetry={null} />);
    expect(text()).toContain("It is not known why.");
    expect(text()).toContain("It can be tried again once the rest is done.");
  });

  test("keeps what it shows when it is old, and says so", () => {
    render(
      <ItemCard title="Day 1" state="running" stale data-day="1">
        Louvre
      </ItemCard>,
    );
    expect(text()).toContain("As it was when the connection broke.");
    expect(text()).toContain("Louvre");
    expect(screen.getByRole("listitem").dataset["day"]).toBe("1");
  });

  test("takes the focus when its button goes away", async () => {
    const { rerender } = render(<ItemCard title="Day 1" state="failed" onRetry={() => Promise.resolve()} />);
    button("Try again: Day 1").focus();
    rerender(<ItemCard title="Day 1" state="planned" />);
    expect(document.activeElement).toBe(screen.getByRole("listitem"));
  });
});

describe("OutputText", () => {
  const output = { attempt: 1, finished: false, from_offset: 0, seq: 1, text: "One.\n\nTwo" };

  test("grows at its end, and draws nothing again that is complete", () => {
    const draw = vi.fn((paragraph: string) => paragraph);
    const { rerender } = render(<OutputText output={output} paragraph={draw} />);
    draw.mockClear();
    rerender(<OutputText output={{ ...output, text: "One.\n\nTwo and" }} paragraph={draw} />);
    expect(draw.mock.calls).toEqual([["Two and"]]);
    expect(document.querySelector(".hw-text")?.getAttribute("aria-busy")).toBe("true");
    expect(document.querySelectorAll(".hw-caret")).toHaveLength(1);
    expect(document.querySelector("[aria-live]")).toBeNull();
    rerender(<OutputText output={{ ...output, finished: true, from_offset: 1_200 }} paragraph={draw} />);
    expect(document.querySelector(".hw-caret")).toBeNull();
    expect(text()).toContain("The first 1,200 characters are not shown.");
  });

  test("says what there will be", () => {
    render(<OutputText output={undefined} placeholder={<p>Not yet</p>} />);
    expect(text()).toBe("Not yet");
  });
});

describe("ConnectionPill", () => {
  test("is a word, or a button that opens more", () => {
    const onOpen = vi.fn();
    const { rerender } = render(<ConnectionPill status={statusOf("live")} />);
    expect(text()).toBe("Connection: Live");
    rerender(<ConnectionPill status={statusOf("backoff", 4_000)} onOpen={onOpen} />);
    fireEvent.click(button("Connection: Reconnecting"));
    expect(onOpen).toHaveBeenCalledTimes(1);
  });
});

describe("DiagnosticsDialog", () => {
  test("shows how the connection stands, and closes", () => {
    const onClose = vi.fn();
    const onTransport = vi.fn();
    const status = { ...statusOf("backoff", 14_000), reconnect: vi.fn() };
    const { rerender } = render(<DiagnosticsDialog open={false} onClose={onClose} status={status} />);
    expect(screen.queryByText("Transport")).toBeNull();
    rerender(<DiagnosticsDialog open onClose={onClose} status={status} record={RECORD} onTransport={onTransport} />);
    expect(document.querySelector("dialog")?.open).toBe(true);
    const facts = [...document.querySelectorAll(".hw-facts > div")].map((fact) => fact.textContent);
    expect(facts).toContain("Next tryin 8 s");
    expect(facts).toContain("Events1,284");
    expect(screen.getByRole("region", { name: "History" }).textContent).toContain("Reconnecting (No connection)");
    button("Retry now").click();
    button("Use polling").click();
    button("Close").click();
    expect(status.reconnect).toHaveBeenCalledTimes(1);
    expect(onTransport).toHaveBeenCalledWith("poll");
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  test("copies the report, or says that it could not", async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const { rerender } = render(
      <DiagnosticsDialog open onClose={() => {}} status={statusOf("live")} record={RECORD} />,
    );
    await act(async () => button("Copy report").click());
    expect(writeText).toHaveBeenCalledWith("a report");
    expect(text()).toContain("The report was copied.");
    writeText.mockRejectedValueOnce(new Error("not allowed"));
    rerender(<DiagnosticsDialog open onClose={() => {}} status={statusOf("live")} />);
    await act(async () => button("Copy report").click());
    expect(writeText).toHaveBeenLastCalledWith(expect.stringContaining("Event stream"));
    expect(text()).toContain("The browser did not let it be copied.");
  });
});

describe("RunBanner", () => {
  const run = trip(...PLANNING);
  const banner = (...props: [Partial<Parameters<typeof RunBanner>[0]>]) =>
    render(<RunBanner run={run} status={statusOf("live")} {...props[0]} />).container.textContent;

  test("is silent as long as the pill is enough", () => {
    expect(banner({ status: statusOf("backoff", BAR_MS - 1) })).toBe("");
  });

  test("says as of when it is true, that the job goes on, and when it tries again", () => {
    const status = { ...statusOf("backoff", BAR_MS), reconnect: vi.fn() };
    expect(banner({ status })).toMatch(
      /^Showing progress as of \d\d:\d\d:\d\d\. The job keeps running\. Trying again in 8 s\.Retry now$/,
    );
    button("Retry now").click();
    expect(status.reconnect).toHaveBeenCalledTimes(1);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test("says at once that one is offline", () => {
    expect(banner({ status: statusOf("offline"), noun: "the plan" })).toMatch(
      /^You are offline\. Showing the plan as of/,
    );
  });

  test("of an ended run does not say that it goes on", () => {
    const ended = trip(...PLANNING, ["run.succeeded", { result: null }]);
    expect(banner({ run: ended, status: statusOf("offline") })).not.toContain("keeps running");
  });

  test("says that nothing has come yet", () => {
    expect(banner({ run: null, status: statusOf("backoff", BAR_MS) })).toContain(
      "It takes longer than usual to connect. The server cannot be reached. Trying again in 8 s.",
    );
  });

  test("shows a final error with what can be done, at once", () => {
    const error = new HeadwayError("forbidden", "this run is not yours", { problem: { hint: "sign in" } });
    const status = { ...statusOf("failed"), reconnect: vi.fn() };
    expect(banner({ status, error, action: <a href="#in">Sign in</a> })).toContain("This run is not yours. Sign in.");
    expect(screen.getByRole("alert")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Sign in" })).toBeTruthy();
    button("Try again").click();
    expect(status.reconnect).toHaveBeenCalledTimes(1);
  });

  test("offers to try again what failed, once the run has ended", async () => {
    const failed = [...PLANNING, ["item.failed", { key: "day:1", error: DOWN }]] as Parameters<typeof trip>;
    const onRetry = vi.fn(() => Promise.resolve());
    expect(banner({ run: trip(...failed), onRetry })).toBe("");
    cleanup();
    expect(banner({ run: trip(...failed, ["run.partial", { result: null }]), onRetry })).toBe(
      "1 of 2 items failed. What is done stays.Retry",
    );
    await act(async () => button("Retry").click());
    expect(onRetry).toHaveBeenCalledTimes(1);
  });

  test("says why a run failed, where it was none of its items", async () => {
    const failed = trip(
      ["run.queued", { attempt: 1, reason: "created" }],
      ["run.started", {}],
      ["run.failed", { error: { ...DOWN, hint: "try again later" } }],
    );
    const onRetry = vi.fn(() => Promise.resolve());
    expect(banner({ run: failed })).toBe("");
    cleanup();
    expect(banner({ run: failed, onRetry })).toBe("It failed: the provider is down. Try again later.Retry");
    await act(async () => button("Retry").click());
    expect(onRetry).toHaveBeenCalledTimes(1);
  });

  test("says nothing of a run that was cancelled, or that made everything", () => {
    const onRetry = () => Promise.resolve();
    expect(banner({ run: trip(...PLANNING, ["run.cancelled", {}]), onRetry })).toBe("");
    cleanup();
    expect(banner({ run: trip(...PLANNING, ["run.succeeded", { result: null }]), onRetry })).toBe("");
  });
});

describe("RunAnnouncer", () => {
  const said = () => screen.getByRole("status").textContent;
  const of = (run: Snapshot | null, outdated = false) => (
    <StrictMode>
      <RunAnnouncer run={run} status={{ outdated }} />
    </StrictMode>
  );

  test("is there from the beginning, and says what is new, one message in five seconds", () => {
    vi.useFakeTimers();
    const { rerender } = render(of(null));
    expect(said()).toBe("");
    rerender(of(trip(...PLANNING)));
    expect(said()).toBe("");
    rerender(of(trip(...PLANNING, ["item.finished", { key: "day:1" }])));
    expect(said()).toBe("25 % done.");
    rerender(
      of(trip(...PLANNING, ["item.finished", { key: "day:1" }], ["item.failed", { key: "day:2", error: DOWN }])),
    );
    expect(said()).toBe("25 % done.");
    act(() => vi.advanceTimersByTime(QUIET_MS));
    expect(said()).toContain("1 day failed: Rome, Sun 6 Dec.");
  });

  test("tells of a connection that is lost for long and back", () => {
    vi.useFakeTimers();
    const run = trip(...PLANNING);
    const { rerender } = render(of(run));
    rerender(of(run, true));
    expect(said()).toBe("Connection lost. The job keeps running.");
    act(() => vi.advanceTimersByTime(QUIET_MS));
    rerender(of(run));
    expect(said()).toBe("Connection restored.");
  });

  test("does not take another run for news", () => {
    const { rerender } = render(of(trip(...PLANNING)));
    rerender(of({ ...trip(...PLANNING, ["run.cancelled", {}]), run_id: "run_2" }));
    expect(said()).toBe("");
  });
});

test("CommandButton sends one command at a time", async () => {
  let done = () => {};
  const send = vi.fn(
    () =>
      new Promise<void>((resolve) => {
        done = resolve;
      }),
  );
  render(<CommandButton send={send}>Cancel</CommandButton>);
  button("Cancel").click();
  button("Cancel").click();
  await act(async () => {});
  expect(button("Cancel").disabled).toBe(true);
  expect(send).toHaveBeenCalledTimes(1);
  await act(async () => done());
  expect(button("Cancel").disabled).toBe(false);
});
