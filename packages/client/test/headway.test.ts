// @vitest-environment node
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Headway } from "../src/index.ts";
import { testEnvironment, until } from "./support/environment.ts";
import { begun } from "./support/log.ts";
import { json, problem, WireServer } from "./support/server.ts";

let server: WireServer;
const environment = testEnvironment();

beforeEach(async () => {
  server = await new WireServer(begun()).listen();
});

afterEach(() => server.close());

describe("starting a job", () => {
  test("sends the input with a key, and gives a run that is known already", async () => {
    const started = {
      ...{ id: "run_1", job: "trip", status: "queued", execution_id: "exe_1", created_at: "", stream_token: null },
      ...{ estimated_completion_at: null, snapshot: server.log.snapshot(), links: { self: "/v1/runs/run_1" } },
    };
    server.script = ({ method }, response) => {
      if (method !== "POST") return false;
      json(response, 202, started);
      return true;
    };
    const client = new Headway({ baseUrl: `${server.url}/`, environment });
    const { run, ...said } = await client.start(
      "plan a trip",
      { days: 3 },
      { key: "order-17", title: "Rome", group: "g" },
    );
    expect(said).toEqual(started);
    expect(server.seen[0]).toMatchObject({
      method: "POST",
      path: "/v1/jobs/plan%20a%20trip/runs",
      body: { input: { days: 3 }, title: "Rome", group: "g" },
      headers: { "idempotency-key": "order-17", "content-type": "application/json" },
    });
    expect(run.getSnapshot().run).toMatchObject({ run_id: "run_1", seq: 7 });
    expect(run).toBe(client.run("run_1"));
    const end = run.subscribe(() => {});
    await until(() => server.streams.length === 1, "a stream");
    expect(server.streams[0]?.headers["last-event-id"]).toBe("7.t");
    end();
    environment.advance(1_000);
  });

  test("without a key sends none", async () => {
    server.script = (_request, response) => {
      json(response, 202, { id: "run_1", snapshot: null, links: {} });
      return true;
    };
    const { run } = await new Headway({ baseUrl: server.url, environment }).start("trip", null);
    expect(server.seen[0]?.headers["idempotency-key"]).toBeUndefined();
    expect(server.seen[0]?.body).toEqual({ input: null });
    expect(run.getSnapshot().run).toBeNull();
  });

  test("says what is wrong with the input", async () => {
    server.script = (_request, response) => problem(response, 422, "invalid_input", "days: must be at least 1");
    const client = new Headway({ baseUrl: server.url, environment });
    const starting = client.start("trip", { days: 0 });
    await expect(starting).rejects.toMatchObject({ category: "invalid", message: "days: must be at least 1" });
    await expect(starting).rejects.toHaveProperty("problem.code", "invalid_input");
  });

  test("fails when the server is not there", async () => {
    const fetch = () => Promise.reject(new TypeError("fetch failed"));
    const client = new Headway({ baseUrl: server.url, fetch });
    await expect(client.start("trip", {})).rejects.toMatchObject({ category: "network", retryable: true });
  });

  test("fails when the answer is no JSON", async () => {
    const client = new Headway({ fetch: async () => new Response("<html>") });
    await expect(client.runs()).rejects.toMatchObject({ category: "protocol" });
  });
});

describe("listing runs", () => {
  test("asks for what is wanted", async () => {
    const page = { runs: [], next: "abc" };
    server.script = (_request, response) => {
      json(response, 200, page);
      return true;
    };
    const client = new Headway({ baseUrl: server.url, environment });
    expect(await client.runs({ status: ["queued", "running"], job: "trip", limit: 10, q: "rome & back" })).toEqual(
      page,
    );
    expect([...(server.seen[0]?.query ?? [])]).toEqual([
      ["status", "queued,running"],
      ["job", "trip"],
      ["limit", "10"],
      ["q", "rome & back"],
    ]);
    await client.runs();
    expect(server.seen[1]?.path).toBe("/v1/runs");
  });
});

describe("commands", () => {
  test("go to the run", async () => {
    const run = new Headway({ baseUrl: server.url, environment }).run("run_1");
    expect(await run.cancel("enough")).toMatchObject({ seq: 7, cursor: "7.t", status: "running" });
    await run.cancel();
    await run.cancel("too slow", 2);
    await run.retry();
    expect(server.seen.map(({ path, body }) => [path, body])).toEqual([
      ["/v1/runs/run_1/cancel", { reason: "enough" }],
      ["/v1/runs/run_1/cancel", {}],
      ["/v1/runs/run_1/cancel", { reason: "too slow", attempt: 2 }],
      ["/v1/runs/run_1/retry", {}],
    ]);
    expect(environment.pending()).toBe(0);
  });

  test("that are refused say why", async () => {
    server.script = (_request, response) => problem(response, 409, "conflict", "The run has moved on");
    const run = new Headway({ baseUrl: server.url, environment }).run("run_1");
    await expect(run.retry()).rejects.toMatchObject({ category: "conflict", message: "The run has moved on" });
  });
});

test("a client is at the root of the page's origin unless it is told", async () => {
  const urls: string[] = [];
  const fetch = async (url: string) => {
    urls.push(url);
    return Response.json({ runs: [], next: null });
  };
  await new Headway({ fetch }).runs({ limit: 1 });
  await new Headway({ fetch, baseUrl: "/headway" }).runs({ limit: 1 });
  expect(urls).toEqual(["/v1/runs?limit=1", "/headway/v1/runs?limit=1"]);
});

test("a run that nobody holds is forgotten, address and all; one that is watched is not", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const client = new Headway({ baseUrl: server.url, environment });
  const forgotten = vi.spyOn(Map.prototype, "delete");
  const others = [1, 2, 3].map((n) => new WeakRef(client.run(`run_other_${n}`)));
  const { release, retain } = client.run("run_1");
  retain();
  await until(() => {
    collect();
    return others.every((ref) => !ref.deref());
  }, "runs that are gone");
  client.run("run_2");
  const addresses = forgotten.mock.calls.map(([key]) => `${key}`).filter((key) => key.includes("/run_"));
  expect(addresses).toEqual([1, 2, 3].map((n) => `${server.url}/v1/runs/run_other_${n}/stream`));
  expect(client.run("run_1").release).toBe(release);
  release();
  environment.advance(1_000);
});
