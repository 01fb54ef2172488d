// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Headway, HeadwayError, type Note } from "../../src/index.ts";
import type { RunHandle } from "../../src/run.ts";
import { createLog, createStatus, type Failure, type Metrics, type Status } from "../../src/status.ts";
import { type TestEnvironment, testEnvironment, until } from "../support/environment.ts";
import { begun, ended } from "../support/log.ts";
import { frame, problem, WireServer } from "../support/server.ts";

/** Must not be in any report or line of a log. */
const SECRET = "s3cr3t-t0ken";

let server: WireServer;
let environment: TestEnvironment;
let status: Status;
let lines: string[];
const ends: (() => void)[] = [];

beforeEach(async () => {
  environment = testEnvironment();
  lines = [];
  const write = (level: string, line: string, about: object) => lines.push(`${level} ${line} ${JSON.stringify(about)}`);
  status = createStatus({ environment, log: createLog({ level: "debug", write }) });
  server = await new WireServer(begun()).listen();
});

afterEach(async () => {
  for (const end of ends.splice(0)) end();
  environment.advance(1_000);
  await server.close();
});

function watch(target = server.log.id, options = {}): RunHandle {
  const client = new Headway({
    ...{ baseUrl: server.url, environment, observe: status.observe, fetch: status.fetch },
    ...{ getToken: () => SECRET, headers: { "X-Key": SECRET }, ...options },
  });
  const run = client.run(target);
  ends.push(run.subscribe(() => {}));
  return run;
}

const reached = (state: string) =>
  until(() => status.getSnapshot().state === state, `${state}, not ${status.getSnapshot().state}`);
const counts = (wanted: Partial<Metrics>) =>
  until(() => {
    const metrics = status.getMetrics();
    return Object.entries(wanted).every(([name, value]) => metrics[name as keyof Metrics] === value);
  }, JSON.stringify(wanted));

describe("a connection", () => {
  test("is counted: from making it over a break to its end", async () => {
    const changes = vi.fn();
    const end = status.subscribe(changes);
    expect(status.getSnapshot()).toMatchObject({ state: "idle", word: "Not watching", runs: {} });
    const run = watch();
    await reached("live");
    expect(status.getSnapshot()).toMatchObject({ word: "Live" });
    expect(Object.values(status.getSnapshot().runs)).toEqual([run.getSnapshot().connection]);
    expect(status.getMetrics()).toMatchObject({ connects: 1, reconnects: 0, failures: {}, downtimeMs: 0 });
    environment.advance(10_000);
    server.log.add("note", { kind: "tip", title: null, body: "Hi" } as never);
    server.publish();
    await counts({ events: 1 });
    server.cut();
    await reached("backoff");
    expect(changes).toHaveBeenCalled();
    environment.advance(400);
    expect(status.getMetrics()).toMatchObject({ currentDowntimeMs: 400, downtimeMs: 400, lastEventAgeMs: 400 });
    environment.advance(100);
    await reached("live");
    const metrics = status.getMetrics();
    expect(metrics).toMatchObject({
      ...{ connects: 2, reconnects: 1, failures: { network: 1 }, downtimeMs: 500, currentDowntimeMs: 0 },
      ...{ uptimeMs: 10_000, gaps: 0, duplicates: 0, requestMs: { count: 2, max: 0 } },
    });
    expect(metrics.bytes).toBeGreaterThan(500);
    expect(metrics.history.map(({ text }) => text)).toEqual([
      ...["Connecting", "Live", "Reconnecting (No connection)", "Connecting (No connection)"],
      "Live",
    ]);
    end();
  });

  test("that polls says so", async () => {
    const run = watch(server.log.id, { transport: "poll" });
    await reached("live");
    expect(status.getSnapshot()).toMatchObject({ word: "Polling" });
    await until(() => run.getSnapshot().run !== null, "a snapshot");
    expect(status.getMetrics()).toMatchObject({ connects: 1, latencyMs: null });
  });

  test("that waits for news is not taken for a slow one", async () => {
    watch(server.log.id, { transport: "poll" });
    await reached("live");
    for (let n = 0; n < 3 && server.polling === 0; n++) {
      environment.advance(250);
      await until(() => server.requests("/events").length > n, "a poll");
    }
    await until(() => server.polling === 1, "waiting");
    const { requestMs } = status.getMetrics();
    environment.advance(20_000);
    server.log.add("output.appended", { key: "text", delta: "x" });
    server.publish();
    await counts({ events: 1 });
    expect(status.getMetrics().requestMs).toEqual(requestMs);
  });

  test("whose server ends it without a word was dropped", async () => {
    watch();
    await reached("live");
    server.endStreams();
    await reached("backoff");
    expect(status.getMetrics().failures).toEqual({ dropped: 1 });
  });

  test("is forgotten when nobody watches any more", async () => {
    watch();
    await reached("live");
    for (const end of ends.splice(0)) end();
    environment.advance(1_000);
    await reached("idle");
    expect(status.getSnapshot().runs).toEqual({});
  });

  test("to a run that has ended is neither up nor down", async () => {
    await server.close();
    server = await new WireServer(ended()).listen();
    watch();
    await reached("closed");
    environment.advance(5_000);
    expect(status.getMetrics()).toMatchObject({ uptimeMs: 0, downtimeMs: 0 });
  });
});

describe("an event", () => {
  const offset = 3_600_000; // the server's clock is an hour ahead

  test("took the time between the server's clock and its arrival", async () => {
    const note = { run: "/v1/runs/run_1/stream", info: info("live") };
    const time = (ms: number) => new Date(environment.now() + offset + ms).toISOString();
    status.observe({ ...note, info: info("connecting"), sign: "start" });
    status.observe({ ...note, sign: "opened", detail: time(0) });
    status.observe({ ...note, sign: "applied", detail: { time: time(-5_000) } } as Note);
    expect(status.getMetrics().latencyMs).toBeNull();
    environment.advance(1_000);
    status.observe({ ...note, sign: "applied", detail: { time: time(-40) } } as Note);
    status.observe({ ...note, sign: "applied", detail: { time: time(-20) } } as Note);
    expect(status.getMetrics()).toMatchObject({ latencyMs: { count: 2, last: 20, mean: 30, max: 40 }, events: 3 });
  });

  test("that comes twice, or too early, is counted apart", async () => {
    const note = { run: "/r", info: info("live") };
    status.observe({ ...note, sign: "duplicate", detail: {} } as Note);
    status.observe({ ...note, sign: "gap", detail: {} } as Note);
    expect(status.getMetrics()).toMatchObject({ duplicates: 1, gaps: 1, events: 0 });
  });
});

describe("the end of watching for good", () => {
  test("is told in words for people", async () => {
    server.script = (_request, response) => {
      problem(response, 403, "forbidden", `Not with ${SECRET}`);
      return true;
    };
    const failures: Failure[] = [];
    const end = status.onFailure((failure) => failures.push(failure));
    watch();
    await reached("failed");
    expect(failures).toMatchObject([
      { word: "Not allowed", text: expect.stringContaining("access"), error: { category: "forbidden", status: 403 } },
    ]);
    end();
    expect(status.getMetrics().failures).toEqual({ forbidden: 1 });
    expect(lines.find((line) => line.startsWith("error"))).toContain("refused, failed by sse");
    expect(lines.join()).not.toContain(SECRET);
    expect(status.copyReport()).not.toContain(SECRET);
  });
});

test("several runs stand as the worst of them", () => {
  for (const [run, state] of [
    ["/a", "live"],
    ["/b", "backoff"],
    ["/c", "closed"],
  ] as const) {
    status.observe({ run, info: info(state), sign: "opened" });
  }
  expect(status.getSnapshot().state).toBe("backoff");
  status.observe({ run: "/b", info: info("live"), sign: "opened" });
  expect(status.getSnapshot().state).toBe("live");
  const before = status.getSnapshot();
  status.observe({ run: "/b", info: info("live"), sign: "heard", detail: 3 });
  expect(status.getSnapshot()).not.toBe(before); // another info is another state
  const same = status.getSnapshot().runs["/b"] as Note["info"];
  const now = status.getSnapshot();
  status.observe({ run: "/b", info: same, sign: "heard", detail: 3 });
  expect(status.getSnapshot()).toBe(now);
});

test("the history ends with its last fifty moments", () => {
  for (let n = 0; n < 60; n++) {
    status.observe({ run: "/a", info: info(n % 2 ? "live" : "backoff"), sign: "opened" });
    environment.advance(1);
  }
  const { history } = status.getMetrics();
  expect(history).toHaveLength(50);
  expect((history[49]?.at ?? 0) - (history[0]?.at ?? 0)).toBe(49);
});

test("a listener's mistake is reported and costs nobody anything", async () => {
  const mistakes: unknown[] = [];
  const reject = vi.spyOn(Promise, "reject").mockImplementation(((mistake: unknown) => {
    mistakes.push(mistake);
    return Promise.resolve();
  }) as never);
  status.subscribe(() => {
    throw new Error("oops");
  });
  const seen = vi.fn();
  status.subscribe(seen);
  status.observe({ run: "/a", info: info("live"), sign: "opened" });
  reject.mockRestore();
  expect(seen).toHaveBeenCalled();
  expect(mistakes).toEqual([new Error("oops")]);
});

test("a report has no token in it, wherever there was one", async () => {
  const path = `/mine/${SECRET}-${"x".repeat(30)}`;
  server.script = (request, response) => {
    if (!request.path.startsWith("/mine")) return false;
    server.stream(request, response);
    return true;
  };
  watch(`${server.url.replace("//", `//ada:${SECRET}@`)}${path}?token=${SECRET}#${SECRET}`, {
    fetch: (url: string, init: RequestInit) => status.fetch(url.replace(/\/\/.*@/, "//"), init),
  });
  await reached("live");
  server.send(frame("note", { token: SECRET }));
  server.cut();
  await reached("backoff");
  const trouble = new HeadwayError("server", `no ${SECRET}`, {
    ...{ status: 503, problem: { code: SECRET, request_id: `req ${SECRET}`, hint: SECRET } as never },
    cause: SECRET,
  } as never);
  status.observe({ run: `/b?${SECRET}`, info: { ...info("backoff"), trouble }, sign: "lost" });
  const report = status.copyReport();
  expect(report).not.toContain(SECRET);
  expect(lines.join("\n")).not.toContain(SECRET);
  expect(JSON.parse(report)).toMatchObject({
    ...{ report: "headway", state: "backoff", connects: 1, hidden: false },
    runs: [
      { run: `${server.url}/mine/…`, state: "backoff", trouble: { category: "network" } },
      { run: "/b", trouble: { category: "server", status: 503, request_id: null } },
    ],
  });
});

function info(state: Note["info"]["state"]): Note["info"] {
  return { state, transport: "sse", attempt: 0, retryAt: null, trouble: null };
}
