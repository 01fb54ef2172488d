import { describe, expect, test } from "vitest";
import {
  activityText,
  elapsedMs,
  etaText,
  phaseDetail,
  phaseTitle,
  progressText,
  queueText,
  tabTitle,
  wholePercent,
} from "../../src/words/progress.ts";
import { BEGIN, CREATED, ENHANCING, PLANNING, STARTED, trip } from "../support/trip.ts";

const TITLES = { gather: "Look around", plan: "Plan the days" };

describe("how far it is", () => {
  test("is told by step, and by what the step counts", () => {
    expect(progressText(trip(...CREATED), TITLES)).toBe("Step 1 of 4: Look around");
    expect(progressText(trip(...PLANNING), TITLES)).toBe("Step 2 of 4: Plan the days, 0 of 2 days");
    expect(progressText(trip(...PLANNING, ["run.succeeded", {}]), TITLES)).toBe("");
  });

  test("is never rounded up", () => {
    const run = trip(
      ...STARTED,
      ["phase.started", { id: "gather", total: 3 }],
      ["phase.progressed", { id: "gather", done: 2, total: 3 }],
    );
    expect(run.progress.percent).toBeCloseTo(6.67, 2);
    expect(wholePercent(run)).toBe(6);
  });

  test("is not told while a phase is not known", () => {
    const run = trip(...STARTED, ["phase.started", { id: "surprise" }]);
    expect(wholePercent(run)).toBeNull();
    expect(tabTitle(run, "Itinerary")).toBe("Paris · Rome – Itinerary");
  });

  test("stands in the title of the tab until the end", () => {
    expect(tabTitle(trip(...PLANNING), "Itinerary")).toBe("(10 %) Paris · Rome – Itinerary");
    expect(tabTitle(trip(...PLANNING, ["run.succeeded", {}]), "Itinerary")).toBe("Paris · Rome – Itinerary");
  });
});

describe("the queue", () => {
  const waiting = trip(...CREATED);
  const at = (queue_position: number | null) => ({ queue_position, estimated_start: null, degraded: false });

  test.each([
    [1, "Next in the queue"],
    [2, "1 trip before this one"],
    [5, "4 trips before this one"],
    [null, "Waiting for a worker"],
  ])("at place %s reads %s", (place, text) => {
    expect(queueText(waiting, at(place), "trip")).toBe(text);
  });

  test("is not spoken of before its place is known, and not once a worker has it", () => {
    expect(queueText(waiting, null)).toBe("Waiting for a worker");
    expect(queueText(trip(...STARTED), at(null))).toBeNull();
  });
});

describe("what is being done", () => {
  test("is told of the day at work, and of a place when no day is", () => {
    const measuring = ["item.progressed", { key: "day:2", done: 2, total: 5, message: "Measuring the walks" }] as const;
    expect(activityText(trip(...ENHANCING))).toBe("Rome, Sun 6 Dec");
    expect(activityText(trip(...ENHANCING, [...measuring]))).toBe("Rome, Sun 6 Dec: Measuring the walks");
    expect(activityText(trip(...ENHANCING, ["item.finished", { key: "day:2" }]))).toBe("Louvre");
  });

  test("is told by the phase when it has no items, and not at all after the end", () => {
    const looked = ["phase.progressed", { id: "gather", done: 1, total: 2, message: "Looked around Paris" }] as const;
    const gathering = [...STARTED, ["phase.started", { id: "gather", total: 2 }], [...looked]] as Parameters<
      typeof trip
    >;
    expect(activityText(trip(...CREATED))).toBe("");
    expect(activityText(trip(...gathering))).toBe("Looked around Paris");
    expect(activityText(trip(...ENHANCING, ["run.cancelled", {}]))).toBe("");
  });
});

describe("a phase", () => {
  const run = trip(...PLANNING);
  const [gather, plan, , write] = run.phases as [never, never, never, never];

  test("has a title a traveller understands, or its own", () => {
    expect(phaseTitle(plan, TITLES)).toBe("Plan the days");
    expect(phaseTitle({ id: "other", title: "Other" } as never)).toBe("Other");
  });

  test("counts its steps, or its days, or nothing", () => {
    expect([gather, plan, write].map((phase) => phaseDetail(run, phase))).toEqual(["2 of 2 cities", "0 of 2 days", ""]);
  });

  test("counts places as they become known", () => {
    const busy = trip(...ENHANCING, ["item.finished", { key: "day:1/paris.louvre" }]);
    expect(phaseDetail(busy, busy.phases[2] as never)).toBe("1 of 2 places");
  });

  test("that kept its work from before has nothing to count", () => {
    const kept = trip(
      ...PLANNING,
      ["phase.started", { id: "write", total: 2, unit: "days" }],
      ["phase.finished", { id: "write" }],
    );
    expect(phaseDetail(kept, kept.phases[3] as never)).toBe("");
  });
});

describe("the time it took", () => {
  test("runs from the beginning", () => {
    expect(elapsedMs(trip(...STARTED), BEGIN + 12_000)).toBe(12_000);
  });

  test("stops at the end, and goes on when it is tried again", () => {
    const failed = [...PLANNING, ["run.cancelled", {}, 20_000]] as Parameters<typeof trip>;
    expect(elapsedMs(trip(...failed), BEGIN + 99_000)).toBe(20_000);
    const again = trip(
      ...failed,
      ["run.reopened", {}, 60_000],
      ["run.queued", { attempt: 2, reason: "reopened", run: null }],
    );
    expect(elapsedMs(again, BEGIN + 65_000)).toBe(25_000);
  });

  test("is not negative where clocks differ", () => {
    expect(elapsedMs(trip(...STARTED), BEGIN - 5_000)).toBe(0);
  });
});

describe("the time that is left", () => {
  const running = trip(...STARTED);
  const told = (eta: string | null) => ({ ...running, progress: { ...running.progress, eta } });

  test("is what such trips take, until something is known of this one", () => {
    expect(etaText(running, BEGIN)).toBe("usually takes about a minute");
    expect(etaText(trip(...CREATED, ["run.started", { attempt: 1, worker: null, expected_s: null }]), BEGIN)).toBe("");
  });

  test("is told in words", () => {
    expect(etaText(told(new Date(BEGIN + 120_000).toISOString()), BEGIN)).toBe("about 2 min left");
  });

  test("is not made up once it is over", () => {
    expect(etaText(told(new Date(BEGIN).toISOString()), BEGIN + 1)).toBe("longer than expected");
  });

  test("is of no interest before the beginning and after the end", () => {
    expect(etaText(trip(...CREATED), BEGIN)).toBe("");
    expect(etaText(trip(...PLANNING, ["run.succeeded", {}]), BEGIN)).toBe("");
  });
});
