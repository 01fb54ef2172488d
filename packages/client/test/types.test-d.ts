import { describe, expectTypeOf, test } from "vitest";
import {
  type Appended,
  type ConnectionInfo,
  type EventOf,
  type EventType,
  Headway,
  type HeadwayError,
  type Item,
  type Live,
  type Notice,
  type RunEvent,
  type RunHandle,
  type RunState,
  type Snapshot,
  type Started,
  watchRun,
} from "../src/index.ts";

const client = new Headway({ baseUrl: "/headway", headers: { "X-Tenant": "ada" }, getToken: async () => null });
const run = client.run("run_1");

describe("events", () => {
  test("are told apart by their type", () => {
    const event = {} as RunEvent;
    if (event.type === "item.finished") expectTypeOf(event.data).toEqualTypeOf<{ key: string; data: unknown }>();
    if (event.type === "output.appended") expectTypeOf(event.data.delta).toBeString();
    if (event.type === "run.failed") expectTypeOf(event.data.error.hint).toEqualTypeOf<string | null>();
    expectTypeOf(event.type).toEqualTypeOf<EventType>();
    expectTypeOf(event.seq).toBeNumber();
    expectTypeOf(event.agent).toEqualTypeOf<string | null>();
  });

  test("come to listeners as what they asked for", () => {
    run.on("note", (event) => expectTypeOf(event).toEqualTypeOf<EventOf<"note">>());
    run.on("*", (event) => expectTypeOf(event).toEqualTypeOf<RunEvent>());
    run.on("notice", (notice) => expectTypeOf(notice).toEqualTypeOf<Notice>());
    // @ts-expect-error there is no such type
    run.on("weather.changed", () => {});
  });
});

describe("a run", () => {
  test("has a state", () => {
    expectTypeOf(run).toEqualTypeOf<RunHandle>();
    expectTypeOf(run.getSnapshot()).toEqualTypeOf<RunState>();
    const { run: snapshot, live, connection, error } = run.getSnapshot();
    expectTypeOf(snapshot).toEqualTypeOf<Snapshot | null>();
    expectTypeOf(live).toEqualTypeOf<Live | null>();
    expectTypeOf(connection).toEqualTypeOf<ConnectionInfo>();
    expectTypeOf(error).toEqualTypeOf<HeadwayError | null>();
    expectTypeOf(snapshot?.items["day:1"]).toEqualTypeOf<Item | undefined>();
    expectTypeOf(snapshot?.result).toBeUnknown();
  });

  test("takes commands", () => {
    expectTypeOf(run.cancel("enough")).resolves.toEqualTypeOf<Appended>();
    expectTypeOf(run.retry({ items: ["day:1"] })).resolves.toEqualTypeOf<Appended>();
    // @ts-expect-error items are keys
    run.retry({ items: [1] });
    expectTypeOf(run.subscribe).returns.toEqualTypeOf<() => void>();
  });

  test("is started", () => {
    expectTypeOf(client.start("trip", {}, { key: "k" })).resolves.toEqualTypeOf<Started>();
    // @ts-expect-error there is no such status
    client.runs({ status: "pending" });
  });
});

test("watchRun returns a way to stop", () => {
  const stop = watchRun("run_1", { onState: (state) => expectTypeOf(state).toEqualTypeOf<Snapshot>() });
  expectTypeOf(stop).toEqualTypeOf<() => void>();
});
