// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPolling, type Polling } from "../../src/faces.ts";
import { Headway, type HeadwayError } from "../../src/index.ts";
import { type TestEnvironment, testEnvironment, until } from "../support/environment.ts";
import { begun } from "../support/log.ts";
import { json, problem, WireServer } from "../support/server.ts";

let server: WireServer;
let environment: TestEnvironment;
let polling: Polling;

beforeEach(async () => {
  environment = testEnvironment();
  server = await new WireServer(begun()).listen();
});

afterEach(async () => {
  polling.stop();
  environment.advance(1_000);
  await server.close();
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));
const polls = () => server.requests("/events").length;
/** Let the pause between two polls pass, and the answer come. */
const next = async (ms: number) => {
  environment.advance(33); // as long as changes are gathered
  const before = polls();
  environment.advance(ms - 34);
  await settled();
  expect(polls()).toBe(before);
  environment.advance(1);
  await until(() => polls() === before + 1, "a poll");
  await settled();
};

test("starts a job, asks every ten seconds without holding anything open, and tells the end", async () => {
  server.script = ({ method }, response) => {
    if (method === "POST") json(response, 202, { id: "run_1", snapshot: server.log.snapshot(), links: {} });
    return method === "POST";
  };
  const onStatus = vi.fn();
  const onEnd = vi.fn();
  polling = createPolling({ baseUrl: server.url, environment, onStatus, onEnd });
  expect(polling.status()).toBeNull();
  expect(await polling.start("trip", { days: 3 }, { key: "order-17" })).toBe("run_1");
  expect(server.seen[0]).toMatchObject({ body: { input: { days: 3 } }, headers: { "idempotency-key": "order-17" } });
  expect(onStatus).toHaveBeenCalledOnce();
  await until(() => polls() === 1, "a poll");
  await settled();
  server.log.add("item.finished", { key: "day:1", data: null });
  await next(10_000);
  expect(polling.status()?.items["day:1"]?.status).toBe("finished");
  server.log.add("run.succeeded", { result: 3 });
  await next(10_000);
  environment.advance(33);
  expect(onEnd).toHaveBeenCalledOnce();
  expect(onEnd.mock.calls[0]?.[0]).toMatchObject({ status: "succeeded", result: 3 });
  expect(server.streams).toEqual([]);
  expect(server.requests("/events").every(({ query }) => Number(query.get("wait") ?? 0) === 0)).toBe(true);
  environment.advance(600_000);
});

test("says after five minutes that it is still running, which is no error, and asks less often", async () => {
  const said: string[] = [];
  polling = createPolling({
    ...{ baseUrl: server.url, environment, everyMs: 100_000, slowMs: 200_000 },
    onStillRunning: (run) => said.push(`still ${run?.status}`),
    onFailure: () => said.push("failed"),
    onEnd: () => said.push("ended"),
  });
  polling.watch("run_1");
  await until(() => polling.status() !== null, "a snapshot");
  await settled();
  await next(100_000);
  await next(100_000);
  expect(said).toEqual([]);
  const before = polls();
  environment.advance(100_000);
  expect(said).toEqual(["still running"]);
  await until(() => polls() > before, "a poll");
  await settled();
  await next(200_000);
  expect(said).toEqual(["still running"]);
});

test("stops asking, and nothing is said any more", async () => {
  const onStillRunning = vi.fn();
  polling = createPolling({ baseUrl: server.url, environment, onStillRunning });
  polling.stop();
  polling.watch("run_1");
  await until(() => polling.status() !== null, "a snapshot");
  polling.stop();
  environment.advance(1_000);
  const before = server.seen.length;
  environment.advance(600_000);
  await settled();
  expect(server.seen).toHaveLength(before);
  expect(onStillRunning).not.toHaveBeenCalled();
});

test("a network that breaks is waited out; a final error is told", async () => {
  let how = "break";
  server.script = (_request, response) => {
    if (how === "break") response.socket?.destroy();
    else if (how === "refuse") problem(response, 404, "run_not_found", "There is no such run");
    return how !== "well";
  };
  const failures: HeadwayError[] = [];
  const client = new Headway({ baseUrl: server.url, environment });
  polling = createPolling({ client, onFailure: (error) => failures.push(error) });
  polling.watch("run_1");
  await until(() => server.seen.length > 0, "a try");
  await settled();
  how = "well";
  for (let n = 0; n < 20 && polling.status() === null; n++) {
    environment.advance(1_000);
    await settled();
  }
  expect(polling.status()?.run_id).toBe("run_1");
  expect(failures).toEqual([]);
  how = "refuse";
  for (let n = 0; n < 20 && failures.length === 0; n++) {
    environment.advance(5_000);
    await settled();
  }
  expect(failures).toMatchObject([{ category: "not_found", message: "There is no such run" }]);
  expect(server.streams).toEqual([]);
});
