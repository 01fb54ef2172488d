// @vitest-environment node
import { describe, expect, test } from "vitest";
import { until } from "./support/environment.ts";
import { begun } from "./support/log.ts";
import {
  connection,
  environment,
  expectTruth,
  paced,
  polled,
  reached,
  run,
  seqReached,
  seqs,
  serve,
  server,
  settled,
  states,
  watch,
} from "./support/scene.ts";
import { begin, frame, problem } from "./support/server.ts";

describe("failures", () => {
  test("three before an answer lead to polling; five seconds later the stream is tried and stays", async () => {
    await serve(begun());
    let down = true;
    server.script = ({ path }, response) =>
      down && path.endsWith("/stream") && problem(response, 503, "overloaded", "No place at present");
    watch();
    for (let n = 1; n <= 3; n++) {
      await until(() => server.streams.length === n, `stream ${n}`);
      await reached("backoff");
      expect(connection()).toMatchObject({
        attempt: n,
        trouble: { category: "server", message: "No place at present" },
      });
      environment.advance(2_000);
    }
    await reached("live");
    expect(connection()).toMatchObject({ transport: "poll", attempt: 0 });
    expect(server.streams).toHaveLength(3);
    down = false;
    await polled();
    environment.advance(2_000);
    server.log.add("output.appended", { key: "text", delta: "1" });
    server.publish();
    await seqReached();
    await polled();
    environment.advance(3_000);
    server.log.add("output.appended", { key: "text", delta: "2" });
    server.publish();
    await paced(() => connection().transport === "sse", "the stream");
    server.log.add("output.appended", { key: "text", delta: "3" });
    server.publish();
    await seqReached();
    expect(seqs).toEqual([8, 9, 10]);
    expectTruth();
  });

  test("wait longer and longer, at random, and never less than the floor", async () => {
    await serve(begun());
    server.script = ({ path }, response) => {
      response.socket?.destroy();
      return path !== "";
    };
    environment.chance = 0.999;
    watch({}, `${server.url}/mine`);
    const waits: number[] = [];
    for (let n = 1; n <= 8; n++) {
      await until(() => connection().attempt === n, `attempt ${n}`);
      waits.push(Math.round(((connection().retryAt as number) - environment.now()) / 1000));
      if (n === 7) environment.chance = 0;
      environment.advance(30_000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 0]);
    expect(connection().trouble?.category).toBe("network");
    await reached("backoff");
  });

  test("of a server that accepts and then drops do not count as working", async () => {
    await serve(begun());
    watch();
    await seqReached();
    for (let n = 1; n <= 3; n++) {
      server.endStreams();
      await until(() => connection().attempt === n, `attempt ${n}`);
      environment.advance(30_000);
      await until(() => server.streams.length === n + 1 && server.watching === 1, "a stream");
    }
    await reached("live");
    expect(connection().attempt).toBe(3);
    server.send(frame("ping", { head: 7 }));
    await until(() => connection().attempt === 0, "the count to begin again");
  });

  test("of a polling connection lead back to streams", async () => {
    await serve(begun());
    let streams = false;
    server.script = ({ path }, response) => {
      if (path.endsWith("/stream") ? streams : false) return false;
      return problem(response, 503, "overloaded", "Nothing goes");
    };
    watch();
    for (let n = 1; n <= 6; n++) {
      await until(() => connection().attempt === n, `attempt ${n}`);
      expect(connection().transport).toBe(n <= 3 ? "sse" : "poll");
      if (n === 6) streams = true;
      environment.advance((connection().retryAt as number) - environment.now());
    }
    await reached("live");
    expect(connection().transport).toBe("sse");
  });

  test("of a server that is not there are no reason to poll beside each stream", async () => {
    await serve(begun());
    const tries: string[] = [];
    let there = false;
    const fetch = (url: string, init: RequestInit) => {
      if (there) return globalThis.fetch(url, init);
      tries.push(/\/stream/.test(url) ? "stream" : "poll");
      return Promise.reject(new TypeError("fetch failed"));
    };
    watch({ fetch });
    for (let n = 1; n <= 12; n++) {
      await until(() => connection().attempt === n, `attempt ${n}`);
      if (n === 12) there = true;
      environment.advance((connection().retryAt as number) - environment.now());
    }
    await reached("live");
    expect(tries).toHaveLength(12); // one at a time, each after its pause
    expect(tries.slice(0, 4)).toEqual(["stream", "stream", "stream", "poll"]);
    expect(tries.filter((one) => one === "stream").length).toBeGreaterThan(8);
  });

  test("of streams alone keep a page that polls no moment longer, however they are blocked", async () => {
    await serve(begun());
    let tries = 0;
    const fetch = (url: string, init: RequestInit) => {
      if (!/\/stream/.test(url)) return globalThis.fetch(url, init);
      tries++;
      return Promise.reject(new TypeError("reset by somebody on the way"));
    };
    watch({ fetch });
    for (let n = 1; n <= 3; n++) {
      await until(() => connection().attempt === n, `attempt ${n}`);
      environment.advance(4_000);
    }
    await polled();
    environment.advance(6_000);
    server.publish();
    await paced(() => tries === 4, "another stream");
    await polled();
    expect(states).toEqual([
      "connecting",
      "backoff",
      "connecting",
      "backoff",
      "connecting",
      "backoff",
      "connecting",
      "live",
    ]);
  });

  test("of a server that says when to come back are followed to the letter, whoever clicks", async () => {
    await serve(begun());
    let busy = true;
    server.script = (_request, response) =>
      busy && problem(response, 429, "too_many_connections", "Too many", { "Retry-After": "7" });
    watch();
    await reached("backoff");
    expect(connection()).toMatchObject({ retryAt: environment.now() + 7_000, trouble: { category: "rate_limited" } });
    busy = false;
    environment.wake("click");
    environment.advance(6_999);
    await settled();
    expect(server.seen).toHaveLength(1);
    environment.advance(1);
    await reached("live");
  });

  test("are tried again at once by a click, but not by every click", async () => {
    await serve(begun());
    let down = true;
    server.script = (_request, response) => down && problem(response, 500, "internal", "Broken");
    environment.chance = 1;
    watch();
    await reached("backoff");
    environment.wake("click");
    environment.wake("click");
    await settled();
    expect(server.seen).toHaveLength(1);
    environment.advance(1_000);
    await until(() => connection().attempt === 2, "the second try");
    down = false;
    environment.wake("online");
    environment.advance(1_000);
    await reached("live");
  });

  test.each([
    ["a 404 of its own", 404, "text/html", "<h1>Not Found</h1>"],
    ["a page to sign in at", 200, "text/html", "<h1>Welcome to our network</h1>"],
  ])("of a proxy that answers with %s are passed over once the run is known", async (_what, status, type, body) => {
    await serve(begun());
    watch();
    await seqReached();
    let away = true;
    server.script = (_request, response) => {
      if (away) response.writeHead(status, { "Content-Type": type }).end(body);
      return away;
    };
    server.log.add("output.appended", { key: "text", delta: "1" });
    server.cut();
    // Neither a stream nor, after three of those, a page of the log.
    for (let n = 1; n <= 5; n++) {
      await until(() => connection().attempt === n, `attempt ${n}`);
      environment.advance(30_000);
    }
    away = false;
    environment.advance(30_000);
    await paced(() => run.getSnapshot().run?.seq === 8, "what happened meanwhile");
    expectTruth();
    expect(states).not.toContain("failed");
  });

  test("of a proxy are final before anything of a run was seen", async () => {
    await serve(begun());
    server.script = (_request, response) => {
      response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>Not Found</h1>");
      return true;
    };
    watch();
    await reached("failed");
    expect(run.getSnapshot().error).toMatchObject({ category: "not_found", status: 404 });
  });

  test("without a network are offline, and tried again when it is back", async () => {
    await serve(begun());
    watch();
    await seqReached();
    environment.offline = true;
    server.cut();
    await reached("offline");
    environment.offline = false;
    environment.wake("online");
    environment.advance(1_000);
    await reached("live");
  });

  test.each([
    [403, "forbidden", "forbidden"],
    [404, "run_not_found", "not_found"],
    [422, "invalid_input", "invalid"],
  ] as const)("with status %i are final", async (status, code, category) => {
    await serve(begun());
    let refusing = true;
    server.script = (_request, response) => refusing && problem(response, status, code, "In words");
    watch();
    await reached("failed");
    expect(run.getSnapshot().error).toMatchObject({ category, status, message: "In words", problem: { code } });
    expect(environment.listening()).toBe(0);
    refusing = false;
    run.reconnect();
    await reached("live");
    expect(run.getSnapshot().error).toBeNull();
  });
});

describe("identity", () => {
  test("a token is asked for with every request, and refreshed once when it is refused", async () => {
    await serve(begun());
    const asked: boolean[] = [];
    server.script = ({ headers }, response) =>
      headers.authorization !== "Bearer new" && problem(response, 401, "unauthenticated", "Who are you?");
    watch({
      headers: { "X-Tenant": "ada" },
      getToken: async ({ refresh }) => {
        asked.push(refresh);
        return refresh ? "new" : "old";
      },
    });
    await reached("live");
    expect(asked).toEqual([false, true]);
    expect(server.seen.map(({ headers }) => headers["x-tenant"])).toEqual(["ada", "ada"]);
  });

  test("a second refusal is final", async () => {
    await serve(begun());
    server.script = (_request, response) => problem(response, 401, "unauthenticated", "Who are you?");
    watch({ getToken: () => "old" });
    await reached("failed");
    expect(server.seen).toHaveLength(2);
    expect(run.getSnapshot().error?.category).toBe("auth");
  });

  test("without a token one refusal is final", async () => {
    await serve(begun());
    server.script = (_request, response) => problem(response, 401, "unauthenticated", "Who are you?");
    watch();
    await reached("failed");
    expect(server.seen).toHaveLength(1);
  });

  test("a server that wants a fresh one gets it at once, on a new connection", async () => {
    await serve(begun());
    const asked: boolean[] = [];
    watch({
      getToken: ({ refresh }) => {
        asked.push(refresh);
        return null;
      },
    });
    await seqReached();
    server.send(frame("reauthorize", { in: 30 }));
    await until(() => server.streams.length === 2, "a new stream");
    await reached("live");
    expect(asked).toEqual([false, true]);
    expect(states).toEqual(["connecting", "live"]);
    expect(server.streams[1]?.headers["last-event-id"]).toBe("7.t");
  });

  test("a server that is never content is not asked round and round", async () => {
    await serve(begun());
    server.script = (_request, response) => {
      begin(response);
      response.write(frame("reauthorize", { in: 30 }));
      return true;
    };
    watch();
    await reached("backoff");
    expect(server.streams).toHaveLength(2);
  });
});
