import { describe, expectTypeOf, test } from "vitest";
import {
  type CreateRun,
  createConnection,
  createPolling,
  createRun,
  type Message,
  type RunProblem,
} from "../src/faces.ts";
import { type Appended, type ConnectionInfo, type EventOf, Headway, type Item, type Snapshot } from "../src/index.ts";
import { createOutbox, type OutboxState, type Settled } from "../src/outbox.ts";
import { createLog, createStatus, type Failure, type Metrics, type StatusState } from "../src/status.ts";

const headway = new Headway({ baseUrl: "/headway" });

describe("the outbox", () => {
  const outbox = createOutbox(headway, { name: "ada", ttlMs: 60_000 });

  test("takes commands of Headway and of the application", () => {
    expectTypeOf(outbox.cancel("run_1", { attempt: 1 })).resolves.toEqualTypeOf<Appended>();
    expectTypeOf(
      outbox.retry("run_1", { seq: 7, items: ["day:1"], label: "Again" }),
    ).resolves.toEqualTypeOf<Appended>();
    expectTypeOf(outbox.answer("run_1", "ask_1", { yes: true })).resolves.toEqualTypeOf<Appended>();
    expectTypeOf(outbox.send({ url: "/api/book", id: "b-1", body: { seat: "4a" } })).resolves.toBeUnknown();
    // @ts-expect-error it is to say what was seen
    outbox.cancel("run_1", {});
    // @ts-expect-error it is to say what was seen
    outbox.retry("run_1", { items: [] });
    // @ts-expect-error a body is an object
    outbox.send({ url: "/api/book", body: "seat" });
  });

  test("shows and tells", () => {
    expectTypeOf(outbox.getSnapshot()).toEqualTypeOf<OutboxState>();
    expectTypeOf(outbox.getSnapshot().entries[0]?.state).toEqualTypeOf<"queued" | "sending" | undefined>();
    outbox.onSettled((settled) => expectTypeOf(settled).toEqualTypeOf<Settled>());
  });
});

test("a status goes into a client, and gives numbers and words", () => {
  const status = createStatus({ log: createLog({ level: "warn" }) });
  new Headway({ observe: status.observe, fetch: status.fetch });
  expectTypeOf(status.getSnapshot()).toEqualTypeOf<StatusState>();
  expectTypeOf(status.getMetrics()).toEqualTypeOf<Metrics>();
  expectTypeOf(status.copyReport()).toBeString();
  status.onFailure((failure) => expectTypeOf(failure).toEqualTypeOf<Failure>());
  // @ts-expect-error there is no such level
  createLog({ level: "trace" });
});

describe("faces", () => {
  test("a connection's messages are known by their names", () => {
    const connection = createConnection("run_1", { client: headway });
    connection.on("progress", (message) => expectTypeOf(message).toEqualTypeOf<Message>());
    connection.on("status", (info) => expectTypeOf(info).toEqualTypeOf<ConnectionInfo>());
    connection.on("item.finished", (event) => expectTypeOf(event).toEqualTypeOf<EventOf<"item.finished">>());
    connection.send({ event: "answer", data: { ask_id: "a", data: 1 } });
    expectTypeOf(connection.connect()).resolves.toBeVoid();
    // @ts-expect-error there is no such event
    connection.on("weather", () => {});
    // @ts-expect-error an answer names its question
    connection.send({ event: "answer", data: { data: 1 } });
  });

  test("polling gives snapshots", () => {
    const polling = createPolling({ client: headway, onEnd: (run) => expectTypeOf(run).toEqualTypeOf<Snapshot>() });
    expectTypeOf(polling.status()).toEqualTypeOf<Snapshot | null>();
    expectTypeOf(polling.start("trip", {})).resolves.toBeString();
  });

  test("a run's input and result are those of its job", () => {
    interface Day {
      places: string[];
    }
    type Jobs = {
      itinerary: { input: { city: string; days: number }; result: { id: string }; item: Day };
      report: { input: null; result: string };
    };
    const create: CreateRun<Jobs> = createRun;
    create(
      headway,
      "itinerary",
      { city: "Rome", days: 3 },
      {
        onItem: (day, item, key) => {
          expectTypeOf(day).toEqualTypeOf<Day>();
          expectTypeOf(item).toEqualTypeOf<Item>();
          expectTypeOf(key).toBeString();
        },
        onComplete: (result) => expectTypeOf(result).toEqualTypeOf<{ id: string }>(),
        onError: (problem) => expectTypeOf(problem).toEqualTypeOf<RunProblem>(),
      },
      { key: "order-17", maxAttempts: 3, startTimeoutMs: 5_000 },
    );
    create(headway, "report", null, { onItem: (data) => expectTypeOf(data).toBeUnknown() });
    // @ts-expect-error the input is another one
    create(headway, "itinerary", { city: "Rome" });
    // @ts-expect-error there is no such job
    create(headway, "weather", null);
  });
});
