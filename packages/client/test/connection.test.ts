// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectionInfo } from "../src/connection.ts";
import type { RunEvent, Snapshot } from "../src/contract.gen.ts";
import { Headway, type HeadwayOptions } from "../src/headway.ts";
import type { RunHandle } from "../src/run.ts";
import { type TestEnvironment, testEnvironment, until } from "./support/environment.ts";
import { expectSame } from "./support/equal.ts";
import { begun, ended, type Log, reopen } from "./support/log.ts";
import { begin, frame, json, NOT_QUEUED, problem, type Seen, WireServer } from "./support/server.ts";

let environment: TestEnvironment;
let server: WireServer;
let run: RunHandle;
/** Every state that was shown. */
let states: string[];
/** Seqs of the events that came. */
let seqs: number[];

beforeEach(() => {
  environment = testEnvironment();
  states = [];
  seqs = [];
});

afterEach(async () => {
  run?.release();
  environment.advance(1_000);
  await server.close();
});

async function serve(log: Log): Promise<WireServer> {
  server = await new WireServer(log).listen();
  return server;
}

/** Watch the server's run. */
function watch(options: HeadwayOptions = {}, target = server.log.id, known?: Snapshot): RunHandle {
  run = new Headway({ baseUrl: server.url, environment, ...options }).run(target, known);
  run.retain();
  run.subscribe(() => {
    const { state } = connection();
    if (states.at(-1) !== state) states.push(state);
  }, 0);
  states.push(connection().state);
  run.on("*", (event: RunEvent) => seqs.push(event.seq));
  // Those above hold on to it, too; one release lets go of it in the end.
  run.release();
  run.release();
  return run;
}

function connection(): ConnectionInfo {
  return run.getSnapshot().connection;
}

function reached(state: string): Promise<void> {
  return until(() => connection().state === state, `${state}, not ${connection().state}`);
}

function seqReached(seq = server.log.events.length): Promise<void> {
  return until(() => run.getSnapshot().run?.seq === seq, `seq ${seq}, not ${run.getSnapshot().run?.seq}`);
}

function expectTruth(): void {
  expectSame(run.getSnapshot().run, server.log.snapshot(), "what is shown");
}

describe("a stream", () => {
  test("begins with a snapshot, goes on with events, and is over when the run is", async () => {
    const { log } = await serve(begun());
    watch();
    await reached("live");
    await seqReached();
    expectTruth();
    log.add("output.appended", { key: "text", delta: "und 😀" });
    server.publish();
    await seqReached();
    log.add("run.succeeded", { result: 1 });
    server.publish();
    await reached("closed");
    expectTruth();
    expect(states).toEqual(["connecting", "live", "closed"]);
    expect(seqs).toEqual([8, 9]);
    expect(server.seen).toHaveLength(1);
    expect(server.streams[0]?.query.get("client")).toBe("1");
    expect(environment.listening()).toBe(0);
  });

  test("resumes where it was after a break, and shows what happened on the way", async () => {
    await serve(begun());
    watch();
    await seqReached();
    server.log.add("output.appended", { key: "text", delta: "a" });
    server.publish();
    await seqReached(8);
    server.cut();
    await reached("backoff");
    expect(connection()).toMatchObject({ attempt: 1, retryAt: environment.now() + 500 });
    expect(connection().trouble).toMatchObject({ category: "network", message: "The server cannot be reached." });
    server.log.add("output.appended", { key: "text", delta: "b" });
    environment.advance(500);
    await seqReached(9);
    expect(server.streams[1]?.headers["last-event-id"]).toBe("8.t");
    expect(connection()).toMatchObject({ state: "live", attempt: 0, retryAt: null, trouble: null });
    expect(seqs).toEqual([8, 9]);
    expectTruth();
  });

  test("cut after each of its bytes, brings every event once and in order", { timeout: 60_000 }, async () => {
    await serve(ended("run.failed"));
    const known = begun().snapshot();
    const bytes = await recorded(server);
    for (let at = 1; at < bytes.length; at++) {
      server.script = cutAfter(at);
      seqs = [];
      watch({}, "run_1", known);
      await until(() => ["backoff", "closed"].includes(connection().state), "a break or the end");
      environment.advance(1_000);
      await reached("closed");
      expectTruth();
      expect(seqs, `cut after byte ${at}`).toEqual([8, 9, 10]);
      run.release();
      environment.advance(1_000);
    }
  });

  test("that ends without a word comes back after the time the server asked for", async () => {
    await serve(begun());
    server.retryMs = 2_500;
    watch();
    await seqReached();
    server.endStreams();
    await reached("backoff");
    expect(connection()).toMatchObject({ retryAt: environment.now() + 2_500, trouble: null });
    environment.advance(2_499);
    expect(connection().state).toBe("backoff");
    environment.advance(1);
    await reached("live");
  });

  test("replaces the state by a snapshot after a reset, even by an older one", async () => {
    await serve(begun());
    watch();
    await seqReached();
    const older = { ...server.log.snapshot(), seq: 2, cursor: "2.u", items: {} };
    server.send(frame("reset", { reason: "ahead" }) + frame("snapshot", older, "2.u"));
    await seqReached(2);
    expectSame(run.getSnapshot().run, older, "what is shown");
    server.cut();
    await reached("backoff");
    environment.advance(1_000);
    await reached("live");
    expect(server.streams[1]?.headers["last-event-id"]).toBe("2.u");
  });

  test("that breaks between a reset and its snapshot begins anew with a snapshot", async () => {
    await serve(begun());
    watch();
    await seqReached();
    server.send(frame("reset", { reason: "lagged" }));
    server.endStreams();
    await reached("backoff");
    environment.advance(1_000);
    await reached("live");
    expect(server.streams[1]?.headers["last-event-id"]).toBeUndefined();
  });

  test("of a run that was deleted fails, in words for people", async () => {
    await serve(begun());
    watch();
    await reached("live");
    server.send(frame("reset", { reason: "gone" }));
    await reached("failed");
    expect(run.getSnapshot().error).toMatchObject({ category: "not_found", message: "The run was deleted." });
    expect(run.getSnapshot().run).not.toBeNull();
  });

  test("with a gap is read again from where it was; one that stays is healed by a snapshot", async () => {
    const { log } = await serve(begun());
    watch();
    await seqReached();
    log.add("note", { kind: "info", title: null, body: "lost" }).add("note", { kind: "info", title: null, body: "x" });
    const late = frame("note", log.events[8], "9.t");
    server.script = ({ headers }, response) => {
      if (headers["last-event-id"] === undefined) return false;
      begin(response);
      response.write(frame("open", { ping_s: 15 }) + late);
      return true;
    };
    server.send(late);
    await reached("backoff");
    environment.advance(1_000);
    await seqReached();
    expect(server.streams.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "7.t", undefined]);
    expectTruth();
  });

  test("tells what is true beside the log, and what operators have to say", async () => {
    await serve(begun());
    const notices: string[] = [];
    watch().on("notice", ({ text }) => notices.push(text));
    await reached("live");
    server.send(frame("live", { ...NOT_QUEUED, queue_position: 3 }) + frame("notice", { text: "a restart is near" }));
    await until(() => notices.length > 0, "a notice");
    expect(notices).toEqual(["a restart is near"]);
    expect(run.getSnapshot().live).toMatchObject({ queue_position: 3 });
  });

  test("skips what it does not know", async () => {
    const { log } = await serve(begun());
    watch();
    await seqReached();
    const unknown = { ...log.events[6], seq: 8, type: "weather.changed", data: null };
    server.send(frame("weather.changed", unknown, "8.t"));
    await seqReached(8);
    expect(connection().state).toBe("live");
  });

  test("that is no stream of ours is final", async () => {
    await serve(begun());
    server.script = (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html>");
      return true;
    };
    watch();
    await reached("failed");
    expect(run.getSnapshot().error?.category).toBe("protocol");
  });

  test("with a frame that is no JSON is final", async () => {
    await serve(begun());
    watch();
    await reached("live");
    server.send("event: note\ndata: {\n\n");
    await reached("failed");
    expect(run.getSnapshot().error?.category).toBe("protocol");
  });
});

describe("silence", () => {
  test("is shown when a ping is late, and ends the connection when it lasts", async () => {
    await serve(begun());
    watch();
    await seqReached();
    await pinged();
    environment.advance(22_499);
    expect(connection().state).toBe("live");
    environment.advance(1);
    expect(connection().state).toBe("stale");
    server.send(frame("ping", { head: 7 }));
    await reached("live");
    environment.advance(37_499);
    expect(connection().state).toBe("stale");
    environment.advance(1);
    await reached("backoff");
    expect(connection().trouble).toMatchObject({ category: "timeout", message: "The server does not answer." });
    environment.advance(1_000);
    await reached("live");
    expect(server.streams[1]?.headers["last-event-id"]).toBe("7.t");
    expect(connection().transport).toBe("sse");
  });

  test("may last 70 seconds while the page is hidden; seen again, the stream is made anew", async () => {
    await serve(begun());
    watch();
    await seqReached();
    await pinged();
    environment.hidden = true;
    environment.advance(60_000);
    expect(connection().state).toBe("live");
    environment.hidden = false;
    environment.wake("visibilitychange");
    await reached("backoff");
    environment.advance(500);
    await reached("live");
    await pinged();
    environment.hidden = true;
    environment.advance(70_000);
    await reached("backoff");
  });

  test("of a server that was asleep with us is noticed as soon as we wake", async () => {
    await serve(begun());
    watch();
    await seqReached();
    await pinged();
    environment.sleep(3_600_000);
    expect(connection().state).toBe("live");
    environment.wake("pageshow");
    await reached("backoff");
  });

  test("behind a proxy that holds the stream back leads to polling at once, and to streams again later", async () => {
    const { log } = await serve(begun());
    server.script = ({ path }, response) => {
      if (!path.endsWith("/stream")) return false;
      begin(response);
      return true;
    };
    watch();
    await until(() => server.streams.length === 1, "a stream");
    environment.advance(10_000);
    await reached("live");
    expect(connection()).toMatchObject({ transport: "poll" });
    expectTruth();
    await polled();
    log.add("output.appended", { key: "text", delta: "polled" });
    server.publish();
    await seqReached();
    expect(seqs).toEqual([8]);
    expect(states).toEqual(["connecting", "live"]);

    // after a minute the stream is tried, does not get through either, and polling goes on
    await polled();
    environment.advance(30_000);
    log.add("output.appended", { key: "text", delta: "." });
    server.publish();
    await seqReached();
    await polled();
    environment.advance(30_000);
    log.add("output.appended", { key: "text", delta: "." });
    server.publish();
    await paced(() => server.streams.length === 2, "a stream");
    environment.advance(10_000);
    await polled();
    expect(states).toEqual(["connecting", "live"]);
    expectTruth();
  });

  test("after the first frames counts as a proxy that holds the stream back, too", async () => {
    await serve(begun());
    watch();
    await seqReached();
    environment.advance(37_500);
    await until(() => connection().transport === "poll", "polling");
    expect(states.filter((state) => state === "backoff")).toEqual([]);
  });

  test("of a server that takes the connection and says nothing leads on, too", async () => {
    await serve(begun());
    server.script = ({ path }) => path.endsWith("/stream");
    watch();
    await until(() => server.streams.length === 1, "a stream");
    environment.advance(10_000);
    await reached("live");
    expect(connection().transport).toBe("poll");
  });
});

describe("failures", () => {
  test("three before an answer lead to polling; a minute later the stream is tried and stays", async () => {
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
    environment.advance(30_000);
    server.log.add("output.appended", { key: "text", delta: "1" });
    server.publish();
    await seqReached();
    await polled();
    environment.advance(31_000);
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

describe("polling", () => {
  test("is what a server asks for whose streams are switched off, without an error", async () => {
    const { log } = await serve(begun());
    let off = false;
    server.script = ({ path }, response) => {
      if (!off || !path.endsWith("/stream")) return false;
      begin(response);
      response.end(`retry: 120000\n\n${frame("end", OFF)}`);
      return true;
    };
    watch();
    await seqReached();
    off = true;
    server.endStreams(`retry: 120000\n\n${frame("end", OFF)}`);
    await until(() => connection().transport === "poll", "polling");
    await polled();
    log.add("output.appended", { key: "text", delta: "1" });
    server.publish();
    await seqReached();
    expect(states).toEqual(["connecting", "live"]);
    expect(server.requests("/events")[0]?.query.get("wait")).toBe("25");

    // it stays with it for as long as it was asked to
    await polled();
    environment.advance(100_000 - 65_001);
    log.add("output.appended", { key: "text", delta: "2" });
    server.publish();
    await seqReached();
    await polled();
    expect(server.streams).toHaveLength(1);
    off = false;
    environment.advance(34_000);
    await settled();
    expect(connection().trouble).toBeNull();
  });

  test("from the beginning takes the snapshot, then the events", async () => {
    const { log } = await serve(begun());
    await polling();
    expect(run.getSnapshot().live).toEqual(NOT_QUEUED);
    await polled();
    log.add("item.finished", { key: "day:1", data: null }).add("run.succeeded", { result: null });
    server.publish();
    await reached("closed");
    expect(seqs).toEqual([8, 9]);
    expectTruth();
  });

  test("of a run that is over is over at once", async () => {
    await serve(ended());
    await polling();
    await reached("closed");
    expectTruth();
    await settled();
    expect(environment.pending()).toBe(0);
  });

  test("below what was trimmed takes the snapshot", async () => {
    const { log } = await serve(begun());
    await polling();
    await polled();
    log.add("output.appended", { key: "text", delta: "1" });
    let trimmed = true;
    server.script = scripted(({ path }, response) => {
      if (!path.endsWith("/events") || !trimmed) return false;
      trimmed = false;
      return problem(response, 410, "trimmed", "That was trimmed");
    });
    server.cut();
    await reached("backoff");
    environment.advance(1_000);
    await seqReached();
    expect(seqs).toEqual([]);
    expectTruth();
    expect(server.requests("/run_1")).toHaveLength(2);
  });

  test("takes pages in which deltas are missing", async () => {
    const { log } = await serve(begun());
    await polling();
    await polled();
    log.add("output.appended", { key: "text", delta: "1" }).add("output.appended", { key: "text", delta: "2" });
    server.script = scripted(({ path }, response) => {
      if (!path.endsWith("/events")) return false;
      const events = log.events.slice(8);
      json(response, 200, { events, cursor: log.cursor(), head: 9, more: false, partial: true, status: log.status });
      return true;
    });
    server.cut();
    await reached("backoff");
    environment.advance(1_000);
    await seqReached();
    expect(seqs).toEqual([9]);
  });

  test("does not go round and round where nothing waits", async () => {
    await serve(begun());
    await polling(({ path }, response) => {
      if (!path.endsWith("/events")) return false;
      json(response, 200, { events: [], cursor: "7.t", head: 7, more: false, partial: false, status: "running" });
      return true;
    });
    for (let n = 1; n <= 3; n++) {
      await until(() => environment.nextIn() === 250, "the pause");
      expect(server.requests("/events")).toHaveLength(n - 1);
      environment.advance(250);
      await until(() => server.requests("/events").length === n, `poll ${n}`);
    }
    expect(connection().state).toBe("live");
  });

  test("gives up on an answer that does not come", async () => {
    await serve(begun());
    await polling();
    await polled();
    environment.advance(35_000);
    await until(() => connection().attempt === 1 || server.requests("/events").length > 1, "another try");
  });
});

describe("after the end", () => {
  test("a run that has succeeded needs no connection", async () => {
    await serve(ended());
    watch();
    await reached("closed");
    await settled();
    expect(server.seen).toHaveLength(1);
    expect(environment.pending()).toBe(0);
  });

  test("a run that may be tried again is watched, and shows it", async () => {
    const { log } = await serve(ended("run.failed"));
    watch();
    await reached("closed");
    environment.advance(1_000);
    await polled();
    expect(states).toEqual(["connecting", "live", "closed"]);
    reopen(log);
    server.publish();
    await paced(() => server.streams.length === 2 && connection().state === "live", "the stream again");
    expect(run.getSnapshot().run).toMatchObject({ status: "running", finished_at: null });
    log.add("run.succeeded", { result: 2 });
    server.publish();
    await reached("closed");
    expectTruth();
    expect(seqs).toEqual([11, 12, 13, 14]);
  });

  test("nobody looks while the page is hidden; seen again, it looks at once", async () => {
    const { log } = await serve(ended("run.failed"));
    environment.hidden = true;
    watch();
    await reached("closed");
    environment.advance(600_000);
    await settled();
    expect(server.requests("/events")).toHaveLength(0);
    reopen(log);
    environment.hidden = false;
    environment.wake("visibilitychange");
    await until(() => run.getSnapshot().run?.status === "running", "running again");
    expectTruth();
  });

  test("a click is no reason to look; the window's focus is", async () => {
    await serve(ended("run.failed"));
    watch();
    await reached("closed");
    environment.wake("click");
    await settled();
    expect(server.requests("/events")).toHaveLength(0);
    environment.wake("focus");
    await polled();
  });

  test("trouble while looking is nobody's trouble", async () => {
    const { log } = await serve(ended("run.failed"));
    watch();
    await reached("closed");
    server.script = ({ path }, response) => path.endsWith("/events") && problem(response, 503, "overloaded", "Busy");
    environment.advance(1_000);
    await until(() => connection().attempt === 1, "a look that failed");
    expect(connection().state).toBe("closed");
    server.script = () => false;
    reopen(log);
    environment.advance(30_000);
    await until(() => run.getSnapshot().run?.status === "running", "running again");
  });

  test("a run that is gone is left alone", async () => {
    await serve(ended("run.failed"));
    watch();
    await reached("closed");
    server.script = (_request, response) => problem(response, 404, "run_not_found", "Gone");
    environment.advance(1_000);
    await until(() => environment.listening() === 0, "the end of looking");
    expect(connection().state).toBe("closed");
    expect(run.getSnapshot().run?.status).toBe("failed");
  });

  test("a run tried again by ourselves is live at once", async () => {
    const { log } = await serve(ended("run.failed"));
    watch();
    await reached("closed");
    reopen(log);
    const appended = await run.retry({ items: ["day:1"] });
    expect(appended.seq).toBe(13);
    expect(server.requests("/retry")[0]?.body).toEqual({ seq: 10, items: ["day:1"] });
    await until(() => run.getSnapshot().run?.status === "running", "running again");
    await reached("live");
  });
});

describe("a stream in somebody's own application", () => {
  test("is all that is needed to watch", async () => {
    const { log } = await serve(begun());
    watch({}, `${server.url}/mine?user=ada`);
    await seqReached();
    expect(Object.fromEntries(server.seen[0]?.query ?? [])).toEqual({ user: "ada", client: "1" });
    log.add("run.succeeded", { result: 1 });
    server.publish();
    await reached("closed");
    await expect(run.cancel()).rejects.toMatchObject({ category: "invalid" });
    expect(server.seen.every(({ path }) => path === "/mine")).toBe(true);
  });

  test("is looked at again after the end, and shown only when there is something", async () => {
    const { log } = await serve(ended("run.failed"));
    watch({}, `${server.url}/mine`);
    await reached("closed");
    environment.advance(30_000);
    await until(() => server.seen.length === 2 && environment.nextIn() === 30_000, "a look, and the pause after it");
    expect(states).toEqual(["connecting", "live", "closed"]);
    reopen(log);
    environment.advance(30_000);
    await until(() => run.getSnapshot().run?.status === "running", "running again");
    expect(connection().state).toBe("live");
    expect(states).not.toContain("backoff");
  });

  test("knows no other transport", async () => {
    await serve(begun());
    server.script = (_request, response) => {
      begin(response);
      response.end(`retry: 500\n\n${frame("end", OFF)}`);
      return true;
    };
    watch({}, `${server.url}/mine`);
    await reached("backoff");
    expect(connection().transport).toBe("sse");
  });
});

describe("sharing", () => {
  test("all views of a run have one connection, which closes a moment after the last", async () => {
    await serve(begun());
    const client = new Headway({ baseUrl: server.url, environment });
    run = client.run("run_1");
    expect(client.run("run_1")).toBe(run);
    expect(client.run(`${server.url}/v1/runs/run_1/stream`)).toBe(run);
    const ends = [run.subscribe(() => {}), run.subscribe(() => {}), run.on("note", () => {})];
    await reached("live");
    for (const end of ends) {
      end();
      end();
    }
    environment.advance(999);
    expect(connection().state).toBe("live");
    const again = run.subscribe(() => {});
    environment.advance(10_000);
    await settled();
    expect(server.streams).toHaveLength(1);
    again();
    environment.advance(1_000);
    expect(connection().state).toBe("idle");
    await until(() => server.watching === 0, "nobody watching");
    expect(environment.pending()).toBe(0);
  });

  test("a run watched again goes on where it was", async () => {
    await serve(begun());
    watch();
    await seqReached();
    run.release();
    environment.advance(1_000);
    expect(connection().state).toBe("idle");
    server.log.add("output.appended", { key: "text", delta: "x" });
    run.retain();
    await seqReached();
    expect(server.streams[1]?.headers["last-event-id"]).toBe("7.t");
  });

  test("stopped and begun again in one moment, the first connection does not disturb the second", async () => {
    await serve(begun());
    watch();
    await until(() => server.streams.length === 1, "a stream");
    run.release();
    environment.advance(1_000);
    run.retain();
    await reached("live");
    await pinged();
    environment.advance(37_500);
    await until(() => connection().state !== "live", "the watchdog of the second at work");
  });
});

const OFF = { status: null, seq: null, final: false, use: "poll" };

/** Let a ping arrive. */
async function pinged(): Promise<void> {
  const queue_position = (run.getSnapshot().live?.queue_position ?? 0) + 1;
  server.send(frame("ping", { head: server.log.events.length }) + frame("live", { ...NOT_QUEUED, queue_position }));
  await until(() => run.getSnapshot().live?.queue_position === queue_position, "a ping");
}

/** Time in which what must not happen would happen. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}

/** Wait until something is so, while the pauses between polls pass. */
function paced(isSo: () => boolean, what: string): Promise<void> {
  return until(() => {
    if (!isSo()) environment.step(250);
    return isSo();
  }, what);
}

/** Wait until the client waits for news of the run. */
function polled(): Promise<void> {
  return paced(() => server.polling === 1, "a long-poll");
}

/** Watch a run whose stream is refused, so that it is polled. */
async function polling(script: WireServer["script"] = () => false): Promise<void> {
  server.script = scripted(script);
  watch();
  for (let n = 1; n <= 3; n++) {
    await until(() => connection().attempt === n, `attempt ${n}`);
    environment.advance(4_000);
  }
  await until(() => connection().transport === "poll" && run.getSnapshot().run !== null, "polling");
}

function scripted(script: WireServer["script"]): WireServer["script"] {
  return (request: Seen, response, n) =>
    request.path.endsWith("/stream") ? problem(response, 503, "overloaded", "Busy") : script(request, response, n);
}

/** The bytes of a whole stream. */
async function recorded({ url }: WireServer): Promise<Uint8Array> {
  const response = await fetch(`${url}/v1/runs/run_1/stream`, { headers: { "Last-Event-ID": "7.t" } });
  return new Uint8Array(await response.arrayBuffer());
}

/** The first stream breaks after so many bytes; the others are whole. */
function cutAfter(at: number): WireServer["script"] {
  let first = true;
  return (_request, response) => {
    if (!first) return false;
    first = false;
    const write = response.write.bind(response);
    let left = at;
    const cut = (chunk: string) => {
      const bytes = Buffer.from(chunk);
      if (left > 0) write(bytes.subarray(0, left), () => left <= 0 && response.socket?.destroy());
      left -= bytes.length;
      return true;
    };
    Object.assign(response, { write: cut, end: cut });
    return false;
  };
}
