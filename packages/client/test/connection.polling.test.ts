// @vitest-environment node
import { describe, expect, test } from "vitest";
import type { Note } from "../src/note.ts";
import { until } from "./support/environment.ts";
import { begun, ended } from "./support/log.ts";
import {
  connection,
  environment,
  expectTruth,
  OFF,
  paced,
  pinged,
  polled,
  polling,
  reached,
  run,
  scripted,
  seqReached,
  seqs,
  serve,
  server,
  settled,
  states,
  watch,
} from "./support/scene.ts";
import { begin, frame, json, NOT_QUEUED, problem } from "./support/server.ts";

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

  test("takes the snapshot where text deltas are missing in a page", async () => {
    const { log } = await serve(begun());
    await polling();
    await polled();
    log.add("output.appended", { key: "text", delta: "1" }).add("output.finished", { key: "text" });
    server.script = scripted(({ path, query }, response) => {
      if (!path.endsWith("/events") || query.get("after") !== "7.t") return false;
      const events = log.events.slice(8);
      json(response, 200, { events, cursor: log.cursor(), head: 9, more: false, partial: true, status: log.status });
      return true;
    });
    server.cut();
    await reached("backoff");
    environment.advance(1_000);
    await paced(() => run.getSnapshot().run?.seq === 9, "the snapshot");
    expect(seqs).toEqual([]);
    expectTruth();
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

describe("asked for", () => {
  test("no stream is ever opened, and an answer waits for news", async () => {
    const { log } = await serve(begun());
    watch({ transport: "poll" });
    await polled();
    log.add("run.succeeded", { result: null });
    server.publish();
    await reached("closed");
    expectTruth();
    expect(server.streams).toHaveLength(0);
    expect(connection()).toMatchObject({ transport: "poll", trouble: null });
  });

  test("with an interval, each poll is a plain question", async () => {
    const { log } = await serve(begun());
    watch({ transport: "poll", pollMs: 10_000 });
    await seqReached();
    for (let n = 1; n <= 3; n++) {
      await until(() => environment.nextIn() === 10_000, "the pause");
      log.add("output.appended", { key: "text", delta: "1" });
      environment.advance(10_000);
      await seqReached();
    }
    expect(server.requests("/events").map(({ query }) => query.get("wait"))).toEqual(["0", "0", "0"]);
    expect(states).toEqual(["connecting", "live"]);
  });

  test("it goes on through failures without trying a stream", async () => {
    await serve(begun());
    let broken = true;
    server.script = (_request, response) => broken && problem(response, 503, "overloaded", "Busy");
    watch({ transport: "poll" });
    for (let n = 1; n <= 5; n++) {
      await until(() => connection().attempt === n, `attempt ${n}`);
      environment.advance(30_000);
    }
    broken = false;
    environment.advance(30_000);
    await seqReached();
    expect(server.streams).toHaveLength(0);
  });

  test("in the middle of a stream, and taken back, nothing is lost and nothing is shown", async () => {
    const { log } = await serve(begun());
    watch();
    await seqReached();
    run.startPolling();
    await polled();
    expect(connection().transport).toBe("poll");
    log.add("output.appended", { key: "text", delta: "1" });
    server.publish();
    await seqReached();
    run.stopPolling();
    await until(() => server.watching === 1, "a stream");
    log.add("output.appended", { key: "text", delta: "2" });
    server.publish();
    await seqReached();
    expect(seqs).toEqual([8, 9]);
    expect(states).toEqual(["connecting", "live"]);
    expectTruth();
  });
});

describe("notices", () => {
  const noon = { id: "ntc_1", text: "We restart at noon.", level: "info", at: "…", until: null } as const;
  const slow = { id: "ntc_2", text: "Slow today." };

  test("that stand are told to a run that polls as to one that streams: once, and that they are over", async () => {
    await serve(begun());
    const told: unknown[] = [];
    watch();
    await seqReached();
    const end = run.on("notice", (notice) => told.push(notice));
    for (let n = 1; n <= 2; n++) server.send(frame("notice", noon));
    server.send(frame("notice", { text: "Said once." }));
    server.notices = [noon, slow];
    await until(() => told.length === 2, "the notices");
    run.startPolling();
    await polled();
    expect(told).toEqual([noon, { text: "Said once." }, slow]);
    expect(server.requests("/events").at(-1)?.query.get("notices")).toBe("ntc_1,ntc_2");

    server.notices = [slow]; // between two polls: it is told without waiting
    server.publish();
    await until(() => told.length === 4, "that one is over");
    expect(told[3]).toEqual({ id: "ntc_1", over: true });
    await polled();
    run.stopPolling();
    await until(() => server.watching === 1, "a stream");
    server.send(frame("notice", { id: "ntc_1", over: true }) + frame("notice", slow));
    server.send(frame("notice", { id: "ntc_2", over: true }));
    await until(() => told.length > 4, "that the other is over");
    expect(told.slice(4)).toEqual([{ id: "ntc_2", over: true }]);
    end();
  });

  test("that stand are in the first answer of a poll, and come at once to who listens later", async () => {
    await serve(begun());
    server.notices = [noon, slow];
    watch({ transport: "poll" });
    await polled();
    const told: unknown[] = [];
    const end = run.on("notice", (notice) => told.push(notice));
    expect(told).toEqual([noon, slow]);
    end();
  });

  test("may be something that a server of old says nothing of", async () => {
    await serve(begun());
    const told: unknown[] = [];
    watch();
    await seqReached();
    const end = run.on("notice", (notice) => told.push(notice));
    server.send(frame("notice", noon));
    await until(() => told.length === 1, "the notice");
    server.script = ({ path }, response) => {
      if (!path.endsWith("/events")) return false;
      json(response, 200, { events: [], cursor: "7.t", head: 7, more: false, partial: false, status: "running" });
      return true;
    };
    run.startPolling();
    await paced(() => server.requests("/events").length > 2, "polls");
    expect(told).toEqual([noon]);
    end();
  });
});

test("the longest silence may be said", async () => {
  await serve(begun());
  watch({ silentMs: 3_000 });
  await seqReached();
  await pinged();
  environment.advance(2_900);
  expect(connection().state).toBe("stale");
  environment.advance(100);
  await reached("backoff");
});

test("the time a poll was asked to wait is no silence", async () => {
  const { log } = await serve(begun());
  watch({ transport: "poll", silentMs: 3_000 });
  await seqReached();
  await polled();
  environment.advance(20_000);
  await settled();
  expect(server.polling).toBe(1);
  log.add("output.appended", { key: "text", delta: "1" });
  server.publish();
  await seqReached();
  expect(states).toEqual(["connecting", "live"]);
  await polled();
  environment.advance(35_000);
  await reached("backoff");
});

test("an observer is told of everything that happens", async () => {
  const { log } = await serve(begun());
  const notes: Note[] = [];
  watch({ observe: (note) => notes.push(note) });
  await seqReached();
  log.add("output.appended", { key: "text", delta: "1" });
  server.publish();
  await seqReached();
  server.send(frame("output.appended", log.events.at(-1), log.cursor()));
  await until(() => notes.some(({ sign }) => sign === "duplicate"), "a duplicate");
  const told = notes.map(({ sign }) => sign);
  for (const sign of ["start", "opened", "heard", "applied"] as const) expect(told).toContain(sign);
  expect(notes.find(({ sign }) => sign === "opened")?.detail).toBe("2026-11-21T09:00:00.000Z");
  expect(notes.find(({ sign }) => sign === "applied")?.detail).toMatchObject({ seq: 8 });
  expect(notes.every((note) => note.run === `${server.url}/v1/runs/run_1/stream`)).toBe(true);
  server.cut();
  await until(() => notes.at(-1)?.sign === "lost", "the loss");
  expect(notes.at(-1)?.info).toMatchObject({ state: "backoff", trouble: { category: "network" } });
});
