// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type CreateOptions, type Creation, createRun, type RunCallbacks, type RunProblem } from "../../src/faces.ts";
import { Headway } from "../../src/index.ts";
import { type TestEnvironment, testEnvironment, until } from "../support/environment.ts";
import { begun, ended, reopen } from "../support/log.ts";
import { frame, json, problem, type Script, WireServer } from "../support/server.ts";

let server: WireServer;
let environment: TestEnvironment;
let creation: Creation;
let told: string[];
let problems: RunProblem[];

beforeEach(async () => {
  environment = testEnvironment();
  told = [];
  problems = [];
  server = await new WireServer(begun()).listen();
  server.script = starting(() => false);
});

afterEach(async () => {
  creation.stop();
  environment.advance(1_000);
  await server.close();
});

/** Answer starts, unless `first` does. */
function starting(first: Script): Script {
  return async (request, response, n) => {
    if (await first(request, response, n)) return true;
    const starts = request.path.endsWith("/runs");
    if (starts) json(response, 202, { id: "run_1", snapshot: server.log.snapshot(), links: {} });
    return starts;
  };
}

function create(options: CreateOptions = {}, callbacks: RunCallbacks = {}): Creation {
  const headway = new Headway({ baseUrl: server.url, environment });
  creation = createRun(
    headway,
    "trip",
    { days: 3 },
    {
      onStarted: ({ id }) => told.push(`started ${id}`),
      onProgress: ({ status }) => told.push(`progress ${status}`),
      onItem: (data, item, key) => told.push(`${key} ${item.title} ${JSON.stringify(data)}`),
      onComplete: (result, { status }) => told.push(`${status} ${JSON.stringify(result)}`),
      onStillRunning: (run) => told.push(`still ${run?.status}`),
      onError: (error, run) => {
        problems.push(error);
        told.push(`error of ${run?.run_id}`);
      },
      ...callbacks,
    },
    options,
  );
  return creation;
}

const shown = (...wanted: string[]) =>
  until(() => {
    environment.advance(33);
    return told.join() === wanted.join();
  }, `${wanted}, not ${told}`);
const keys = () => server.requests("/runs").map(({ headers }) => headers["idempotency-key"]);

test("a job is started, and everything until its result is told", async () => {
  const connections: string[] = [];
  create({}, { onConnection: ({ state }) => connections.push(state) });
  expect(creation.run()).toBeNull();
  await shown("started run_1", "progress running");
  await until(() => connections.at(-1) === "live", "live");
  expect(creation.run()?.getSnapshot().run?.run_id).toBe("run_1");
  for (const { type, data } of ended().events.slice(7)) server.log.add(type, data as never);
  server.publish();
  await shown(
    ...["started run_1", "progress running", 'day:1 Tag 1 {"places":3}', "progress succeeded", 'succeeded {"days":1}'],
  );
  expect(keys()[0]).toMatch(/^[0-9a-f]{32}$/);
});

test("an item is told when it has finished, also before anybody looked, and again when it changes", async () => {
  server.log.add("item.finished", { key: "day:1", data: 1 });
  create();
  await shown("started run_1", "day:1 Tag 1 1", "progress running");
  await until(() => server.watching === 1, "a stream");
  server.log.add("item.updated", { key: "day:1", data: 2 } as never);
  server.publish();
  await shown("started run_1", "day:1 Tag 1 1", "progress running", "day:1 Tag 1 2");
});

test("a run that fails is an error with its words, and its next end is told, too", async () => {
  for (const { type, data } of ended("run.failed").events.slice(7)) server.log.add(type, data as never);
  create();
  await until(() => problems.length === 1, "a problem");
  expect(problems).toEqual([{ message: "no", code: "job_error", retryable: true, during: "run" }]);
  told.length = 0;
  await until(() => {
    environment.advance(1_000);
    return server.requests("/events").length > 0;
  }, "a look");
  reopen(server.log).add("run.cancelled", { reason: null, forced: false });
  await until(() => {
    environment.advance(1_000);
    return problems.length === 2;
  }, "another end");
  expect(problems[1]).toEqual({ message: "It was cancelled.", code: "cancelled", retryable: true, during: "run" });
});

test("the start is tried again with the same key while the server has trouble, and takes too long", async () => {
  let starts = 0;
  server.script = starting(({ path }, response) => {
    if (!path.endsWith("/runs")) return false;
    starts++;
    if (starts === 1) problem(response, 503, "overloaded", "Busy");
    return starts <= 2; // the second is never answered
  });
  create({ key: "order-17", startTimeoutMs: 7_000 });
  await until(() => starts === 1 && environment.pending() > 0, "a try");
  await until(() => {
    environment.advance(500);
    return starts === 2;
  }, "another");
  environment.advance(7_000);
  await until(() => {
    environment.advance(500);
    return starts === 3;
  }, "a third");
  await shown("started run_1", "progress running");
  expect(keys()).toEqual(["order-17", "order-17", "order-17"]);
});

test("the start is given up after so many tries, or at once when it is wrong", async () => {
  server.script = starting((_request, response) => {
    problem(response, 503, "overloaded", "Busy");
    return true;
  });
  create({ maxAttempts: 2 });
  await until(() => {
    environment.advance(500);
    return problems.length === 1;
  }, "an end");
  expect(keys()).toHaveLength(2);
  expect(problems).toEqual([{ message: "Busy", code: "overloaded", retryable: true, during: "start" }]);
  server.script = starting((_request, response) => {
    problem(response, 422, "invalid_input", "days: at most 14");
    return true;
  });
  create();
  await until(() => problems.length === 2, "a refusal");
  expect(problems[1]).toEqual({
    message: "days: at most 14",
    code: "invalid_input",
    retryable: false,
    during: "start",
  });
  expect(told).toEqual(["error of undefined", "error of undefined"]);
});

test("a mistake in what is called back starts nothing again, and is reported", async () => {
  const reported: unknown[] = [];
  const note = (error: unknown) => reported.push(error);
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
  const mistake = new TypeError("a mistake");
  const onStarted = vi.fn(() => {
    throw mistake;
  });
  create({}, { onStarted });
  await until(() => reported.length > 0, "a report");
  process.removeAllListeners("unhandledRejection");
  for (const other of others) process.on("unhandledRejection", other);
  expect(reported).toEqual([mistake]);
  environment.advance(60_000);
  expect(onStarted).toHaveBeenCalledTimes(1);
  expect(keys()).toHaveLength(1);
  expect(problems).toEqual([]);
  await until(() => {
    environment.advance(33);
    return told.includes("progress running");
  }, "that it is watched all the same");
});

test("what was stopped calls nobody, and starts nothing anew", async () => {
  let answer = () => {};
  server.script = starting(
    () =>
      new Promise((resolve) => {
        answer = () => resolve(false);
      }),
  );
  create();
  await until(() => server.seen.length === 1, "a start");
  creation.stop();
  answer();
  await new Promise((resolve) => setTimeout(resolve, 30));
  server.script = (_request, response) => {
    problem(response, 503, "overloaded", "Busy");
    return true;
  };
  create();
  await until(() => server.seen.length === 2, "a start");
  await new Promise((resolve) => setTimeout(resolve, 30));
  creation.stop();
  environment.advance(60_000);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.seen).toHaveLength(2);
  expect(told).toEqual([]);
});

test("it is said that it takes long, which ends nothing", async () => {
  create({ stillRunningMs: 6_000 });
  await shown("started run_1", "progress running");
  await until(() => server.watching === 1, "a stream");
  environment.advance(6_000);
  expect(told.at(-1)).toBe("still running");
  expect(problems).toEqual([]);
  server.log.add("run.succeeded", { result: 1 });
  server.publish();
  await until(() => {
    environment.advance(33);
    return told.at(-1) === "succeeded 1";
  }, "the end");
});

test("cancelling before there is a run cancels it as soon as there is; a refusal is told", async () => {
  create();
  creation.cancel("changed my mind");
  await until(() => server.requests("/cancel").length === 1, "a cancel");
  expect(server.requests("/cancel")[0]?.body).toEqual({ reason: "changed my mind" });
  server.script = (request, response) => {
    if (!request.path.endsWith("/cancel")) return false;
    problem(response, 403, "forbidden", "Not yours");
    return true;
  };
  creation.cancel();
  await until(() => problems.length === 1, "a refusal");
  expect(problems[0]).toMatchObject({ message: "Not yours", code: "forbidden" });
});

test("a run that cannot be watched any more goes on: for good, or after so many tries", async () => {
  create();
  await shown("started run_1", "progress running");
  await until(() => server.watching === 1, "a stream");
  server.send(frame("reset", { reason: "gone" }));
  await until(() => {
    environment.advance(33);
    return problems.length === 1;
  }, "an end");
  expect(problems[0]).toMatchObject({ message: "The run was deleted.", code: "not_found", during: "connection" });
  creation.stop();
  server.script = starting((_request, response) => {
    if (server.seen.at(-1)?.path.endsWith("/runs")) return false;
    response.socket?.destroy();
    return true;
  });
  problems.length = 0;
  create({ maxReconnects: 2 });
  await until(() => {
    environment.advance(1_000);
    return problems.length === 1;
  }, "giving up");
  expect(problems[0]).toMatchObject({
    code: "network",
    during: "connection",
    message: expect.stringMatching(/goes on/),
  });
});

test("without callbacks it does no harm", async () => {
  const headway = new Headway({ baseUrl: server.url, environment });
  creation = createRun(headway, "trip", null);
  await until(() => creation.run() !== null, "a run");
  const mistake = vi.fn();
  process.once("unhandledRejection", mistake);
  for (const { type, data } of ended("run.failed").events.slice(7)) server.log.add(type, data as never);
  server.publish();
  await until(() => {
    environment.advance(33);
    return creation.run()?.getSnapshot().run?.status === "failed";
  }, "the end");
  process.off("unhandledRejection", mistake);
  expect(mistake).not.toHaveBeenCalled();
});
