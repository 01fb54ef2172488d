// @vitest-environment node
import { describe, expect, test } from "vitest";
import { until } from "./support/environment.ts";
import { expectSame } from "./support/equal.ts";
import { begun, ended } from "./support/log.ts";
import {
  connection,
  cutAfter,
  environment,
  expectTruth,
  forgetSeqs,
  leave,
  paced,
  pinged,
  polled,
  reached,
  recorded,
  run,
  seqReached,
  seqs,
  serve,
  server,
  states,
  watch,
} from "./support/scene.ts";
import { begin, frame, NOT_QUEUED } from "./support/server.ts";

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
    expect(server.streams[0]?.query.get("client")).toBe("ts/0.1.0");
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
      forgetSeqs();
      watch({}, "run_1", known);
      await until(() => ["backoff", "closed"].includes(connection().state), "a break or the end");
      environment.advance(1_000);
      await reached("closed");
      expectTruth();
      expect(seqs, `cut after byte ${at}`).toEqual([8, 9, 10]);
      leave();
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
    watch().on("notice", ({ text }) => notices.push(text ?? ""));
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

  test("with a frame that is no JSON is made anew", async () => {
    const { log } = await serve(begun());
    watch();
    await seqReached();
    server.send("event: note\ndata: {\n\n");
    await reached("backoff");
    expect(connection().trouble?.category).toBe("protocol");
    log.add("output.appended", { key: "text", delta: "1" });
    environment.advance(1_000);
    await seqReached();
    expectTruth();
  });

  test("that begins with a frame that is no JSON is final", async () => {
    await serve(begun());
    server.script = (_request, response) => {
      begin(response);
      return response.write("event: snapshot\ndata: {\n\n");
    };
    watch();
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
