// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createConnection, type RunConnection } from "../../src/faces.ts";
import { Headway, HeadwayError } from "../../src/index.ts";
import type { Outbox } from "../../src/outbox.ts";
import { type TestEnvironment, testEnvironment, until } from "../support/environment.ts";
import { begun, ended, reopen } from "../support/log.ts";
import { frame, problem, WireServer } from "../support/server.ts";

let server: WireServer;
let environment: TestEnvironment;
let connection: RunConnection;
/** What was told: names of events, and their data in short. */
let told: string[];

beforeEach(async () => {
  environment = testEnvironment();
  told = [];
  server = await new WireServer(begun()).listen();
});

afterEach(async () => {
  connection.disconnect();
  environment.advance(1_000);
  await server.close();
});

function make(options = {}): RunConnection {
  connection = createConnection("run_1", { client: new Headway({ baseUrl: server.url, environment }), ...options });
  for (const name of ["progress", "complete", "error", "educational"] as const) {
    connection.on(name, ({ event, data }) => told.push(`${event} ${data.error ?? data.status}`));
  }
  return connection;
}

function publish(): void {
  server.publish();
}

test("connects, tells how the run stands and moves, and disconnects", async () => {
  const { isConnected, connect, disconnect, on } = make();
  const states: string[] = [];
  on("status", ({ state }) => states.push(state));
  expect(isConnected()).toBe(false);
  expect(server.seen).toEqual([]);
  await connect();
  expect(isConnected()).toBe(true);
  await connect();
  expect(server.streams).toHaveLength(1);
  expect(states).toEqual(["connecting", "live"]);
  await until(() => told.length === 1, "progress");
  const moves: unknown[] = [];
  on("progress", ({ data }) => moves.push(data));
  server.log.add("phase.progressed", {
    ...{ id: "plan", done: 1, total: 4, message: "Half a day" },
  } as never);
  publish();
  environment.advance(33);
  await until(() => {
    environment.advance(33);
    return moves.length === 1;
  }, "progress");
  expect(moves).toEqual([
    {
      ...{ step: 1, total_steps: 1, progress: expect.any(Number), message: "Half a day", run_id: "run_1" },
      ...{ status: "running", timestamp: expect.stringMatching(/^2026-.*Z$/) },
    },
  ]);
  disconnect();
  expect(isConnected()).toBe(false);
});

test("what changes nothing of that tells nothing, and everything that happens comes as an event", async () => {
  const { on, connect } = make();
  const all: number[] = [];
  const deltas: string[] = [];
  on("*", ({ seq }) => all.push(seq));
  on("output.appended", ({ data }) => deltas.push(data.delta));
  await connect();
  server.log.add("output.appended", { key: "text", delta: "more" }).add("error", { message: "a hiccup" } as never);
  publish();
  await until(() => all.length === 2, "events");
  environment.advance(33);
  expect(all).toEqual([8, 9]);
  expect(deltas).toEqual(["more"]);
  expect(told).toEqual(["progress running"]);
});

test("tells the end once, and again after it was tried again", async () => {
  const { on, connect } = make();
  const results: unknown[] = [];
  on("complete", ({ data }) => results.push(data.result));
  await connect();
  const failed = ended("run.failed");
  for (const { type, data } of failed.events.slice(7)) server.log.add(type, data as never);
  publish();
  await until(() => {
    environment.advance(33);
    return told.includes("error no");
  }, "a failure");
  reopen(server.log);
  publish();
  await until(() => {
    environment.advance(250);
    return told.at(-1) === "progress running";
  }, "another try");
  server.log.add("run.succeeded", { result: { days: 1 } });
  publish();
  await until(() => {
    environment.advance(250);
    return results.length > 0;
  }, "success");
  expect(results).toEqual([{ days: 1 }]);
});

test("tells what can be learned meanwhile: to who comes late the newest, then each", async () => {
  server.log.add("note", { kind: "educational", title: "One", body: "first" });
  const { on, connect } = make();
  const lessons: unknown[] = [];
  on("educational", ({ data }) => lessons.push(data.educational_content));
  await connect();
  await until(() => lessons.length === 1, "a lesson");
  server.log.add("note", { kind: "tip", title: null, body: "not this" });
  server.log.add("note", { kind: "educational", title: null, body: "second" });
  publish();
  await until(() => {
    environment.advance(33);
    return lessons.length === 2;
  }, "another");
  expect(lessons).toEqual([
    { number: 1, title: "One", content: "first" },
    { number: 2, title: "", content: "second" },
  ]);
});

test("an operator's words come, too", async () => {
  const { on, connect } = make();
  const notices: unknown[] = [];
  on("notice", ({ text }) => notices.push(text));
  await connect();
  server.send(frame("notice", { text: "We restart at noon." }));
  await until(() => notices.length === 1, "a notice");
});

test("a handler that was taken off is not called; one that makes a mistake costs nobody anything", async () => {
  const mistakes: unknown[] = [];
  const reject = vi.spyOn(Promise, "reject").mockImplementation(((mistake: unknown) => {
    mistakes.push(mistake);
    return Promise.resolve();
  }) as never);
  const { on, off, connect } = make();
  const gone = vi.fn();
  on("status", gone);
  off("status", gone);
  off("complete", gone);
  on("status", () => {
    throw new Error("oops");
  });
  const seen = vi.fn();
  on("status", seen);
  await connect();
  reject.mockRestore();
  expect(gone).not.toHaveBeenCalled();
  expect(seen).toHaveBeenCalled();
  expect(mistakes[0]).toEqual(new Error("oops"));
});

test("polls when it is told to, and streams again", async () => {
  const { activateFallback, connect, deactivateFallback, disconnect, startPolling, stopPolling } = make();
  await connect();
  const transport = () => new Set(server.seen.slice(-1).map(({ path }) => path.split("/").at(-1)));
  const asked = (end: string) => until(() => transport().has(end), end);
  activateFallback();
  await asked("events");
  deactivateFallback();
  await asked("stream");
  startPolling(10_000);
  await asked("events");
  expect(server.seen.at(-1)?.query.get("wait")).toBe("0");
  stopPolling();
  await asked("stream");
  disconnect();
});

describe("a final error", () => {
  test("makes connect fail and is told; reconnect begins anew", async () => {
    server.script = (_request, response) => {
      problem(response, 403, "forbidden", "Not yours");
      return true;
    };
    const { connect, isConnected, reconnect } = make();
    await expect(connect()).rejects.toMatchObject({ category: "forbidden" });
    expect(told).toEqual(["error Not yours"]);
    expect(isConnected()).toBe(false);
    await expect(connect()).rejects.toBeInstanceOf(HeadwayError);
    server.script = () => false;
    await reconnect();
    expect(isConnected()).toBe(true);
  });

  test("that another view has met is no reason not to try anew", async () => {
    server.script = (_request, response) => problem(response, 403, "forbidden", "Not yours");
    const headway = new Headway({ baseUrl: server.url, environment });
    const run = headway.run("run_1");
    const end = run.subscribe(() => {});
    await until(() => run.getSnapshot().error !== null, "the error");
    server.script = () => false;
    const { disconnect, isConnected, reconnect } = createConnection("run_1", { client: headway });
    await reconnect();
    expect(isConnected()).toBe(true);
    disconnect();
    end();
  });

  test("after the run was shown tells how it stood", async () => {
    const { connect, on } = make();
    const errors: unknown[] = [];
    on("error", ({ data }) => errors.push(data));
    await connect();
    await until(() => told.length === 1, "progress");
    server.send(frame("reset", { reason: "gone" }));
    await until(() => {
      environment.advance(33);
      return errors.length === 1;
    }, "an error");
    expect(errors).toMatchObject([{ error: "The run was deleted.", status: "running", run_id: "run_1", step: 1 }]);
  });
});

test("disconnecting first makes connect fail; a network that breaks does not", async () => {
  let breaks = true;
  server.script = (_request, response) => {
    if (breaks) response.socket?.destroy();
    return breaks;
  };
  const { connect, disconnect, isConnected } = make();
  const first = expect(connect()).rejects.toMatchObject({ category: "aborted" });
  disconnect();
  await first;
  const second = connect();
  await until(() => {
    environment.advance(100);
    return server.seen.length > 1;
  }, "a try");
  breaks = false;
  for (let n = 0; n < 20 && !isConnected(); n++) {
    environment.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await second;
  expect(isConnected()).toBe(true);
});

describe("sending", () => {
  const outbox = () => {
    const done = (name: string) => vi.fn(async (...what: unknown[]) => [name, ...what]);
    return { cancel: done("cancel"), retry: done("retry"), answer: done("answer"), send: done("send") };
  };

  test("goes through the outbox, with what was seen of the run", async () => {
    const { connect, send } = make({ outbox: outbox() as unknown as Outbox });
    await connect();
    await until(() => told.length === 1, "the run");
    expect(await send({ event: "cancel", data: { reason: "enough" } })).toEqual([
      ...["cancel", "run_1", { reason: "enough", attempt: 1 }],
    ]);
    expect(await send({ event: "retry", data: { items: ["day:1"] } })).toEqual([
      ...["retry", "run_1", { items: ["day:1"], seq: 7 }],
    ]);
    expect(await send({ event: "answer", data: { ask_id: "a", data: 1 } })).toEqual(["answer", "run_1", "a", 1]);
    expect(await send({ event: "command", data: { url: "/api/x" } })).toEqual(["send", { url: "/api/x" }]);
  });

  test("makes an outbox where none was given", async () => {
    const { connect, send } = make();
    await connect();
    await until(() => told.length === 1, "the run");
    expect(await send({ event: "cancel" })).toMatchObject({ seq: 7, status: "running" });
    expect(await send({ event: "cancel" })).toMatchObject({ seq: 7 });
    expect(server.requests("/cancel")).toHaveLength(2);
    expect(server.requests("/cancel")[0]?.headers["idempotency-key"]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("works as soon as it is connected", async () => {
    const { connect, send } = make({ outbox: outbox() as unknown as Outbox });
    await connect();
    expect(await send({ event: "cancel" })).toEqual(["cancel", "run_1", { attempt: 1 }]);
  });

  test("is refused before anything is known of the run", async () => {
    await expect(make().send({ event: "cancel" })).rejects.toThrow("connect first");
  });

  test.each([
    [{ event: "dance" }, 'no message "dance"'],
    [null, 'no message "undefined"'],
    [{ event: "cancel", data: 1 }, 'data of "cancel" has to be an object'],
    [{ event: "answer", data: {} }, "needs ask_id"],
    [{ event: "command", data: { url: 7 } }, "needs url"],
    [{ event: "retry", data: { items: [7] } }, "list of strings"],
    [{ event: "retry", data: { items: "day:1" } }, "list of strings"],
  ])("of %j says what is wrong", async (message, words) => {
    const refused = make().send(message as never);
    await expect(refused).rejects.toThrow(words);
    await expect(refused).rejects.toMatchObject({ category: "invalid" });
  });
});

test("options make a client of its own", async () => {
  connection = createConnection("run_1", { baseUrl: server.url, environment });
  await connection.connect();
  expect(connection.isConnected()).toBe(true);
});
