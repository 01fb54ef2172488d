// @vitest-environment node
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunEvent, Snapshot } from "../src/contract.gen.ts";
import { Headway } from "../src/headway.ts";
import { watchRun } from "../src/watch.ts";
import { type TestEnvironment, testEnvironment, until } from "./support/environment.ts";
import { expectSame } from "./support/equal.ts";
import { begun, reopen } from "./support/log.ts";
import { problem, WireServer } from "./support/server.ts";

let environment: TestEnvironment;
let server: WireServer;
let stop = () => {};

beforeEach(async () => {
  environment = testEnvironment();
  server = await new WireServer(begun()).listen();
});

afterEach(async () => {
  stop();
  environment.advance(1_000);
  await server.close();
});

test("tells of the state, the events, the connection and the end", async () => {
  const seen: Snapshot[] = [];
  const events: RunEvent[] = [];
  const states: string[] = [];
  const ends: Snapshot[] = [];
  stop = watchRun("run_1", {
    ...{ baseUrl: server.url, environment, everyMs: 0 },
    onState: (run) => seen.push(run),
    onEvent: (event) => events.push(event),
    onConnection: ({ state }) => states.push(state),
    onEnd: (run) => ends.push(run),
  });
  await until(() => seen.length === 1, "the snapshot");
  server.log.add("run.failed", { error: { code: "c", message: "", category: "a", retryable: true, hint: null } });
  server.publish();
  await until(() => states.at(-1) === "closed", "the end");
  expect(states).toEqual(["connecting", "live", "closed"]);
  expect(events.map(({ type }) => type)).toEqual(["run.failed"]);
  expectSame(seen.at(-1), server.log.snapshot(), "the last state");
  expect(ends).toEqual([seen.at(-1)]);

  // tried again, and ended again
  environment.advance(1_000);
  await until(() => server.polling === 1, "a look");
  reopen(server.log);
  server.publish();
  await shown(() => server.watching === 1);
  server.log.add("run.succeeded", { result: 1 });
  server.publish();
  await until(() => ends.length === 2, "the second end");
  expect(ends[1]).toMatchObject({ status: "succeeded", result: 1 });
});

test("stops when it is told", async () => {
  let calls = 0;
  stop = watchRun("run_1", { baseUrl: server.url, environment, onState: () => calls++ });
  await shown(() => calls === 1);
  stop();
  server.log.add("note", { kind: "info", title: null, body: "x" });
  server.publish();
  environment.advance(1_000);
  await until(() => server.watching === 0, "nobody watching");
  expect(calls).toBe(1);
  expect(environment.pending()).toBe(0);
});

test("says in words why it cannot go on", async () => {
  server.script = (_request, response) => problem(response, 404, "run_not_found", "There is no run run_1");
  let words = "";
  stop = watchRun("run_1", {
    ...{ baseUrl: server.url, environment },
    onConnection: ({ state, trouble }) => {
      if (state === "failed") words = trouble?.message ?? "";
    },
  });
  await shown(() => words !== "");
  expect(words).toBe("There is no run run_1");
});

test("shares the connection of a client", async () => {
  const client = new Headway({ baseUrl: server.url, environment });
  const stops = [watchRun("run_1", { client, environment }), watchRun("run_1", { client, environment })];
  stop = () => {
    for (const one of stops) one();
  };
  await until(() => client.run("run_1").getSnapshot().run !== null, "the snapshot");
  expect(server.streams).toHaveLength(1);
});

test("shows at once what is known already", () => {
  const client = new Headway({ baseUrl: server.url, environment });
  const run = client.run("run_1", begun().snapshot());
  const seen: number[] = [];
  stop = watchRun("run_1", { client, environment, onState: ({ seq }) => seen.push(seq) });
  expect(seen).toEqual([7]);
  expect(run.getSnapshot().run?.seq).toBe(7);
});

/** Wait until something is shown, while time goes on. */
function shown(isSo: () => boolean): Promise<void> {
  return until(() => {
    environment.step(250);
    return isSo();
  }, "what is shown");
}
