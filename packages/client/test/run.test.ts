// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Headway } from "../src/headway.ts";
import type { RunHandle } from "../src/run.ts";
import { type TestEnvironment, testEnvironment, until } from "./support/environment.ts";
import { begun } from "./support/log.ts";
import { WireServer } from "./support/server.ts";

let environment: TestEnvironment;
let server: WireServer;
let run: RunHandle;

beforeEach(async () => {
  environment = testEnvironment();
  server = await new WireServer(begun()).listen();
  run = new Headway({ baseUrl: server.url, environment }).run("run_1");
});

afterEach(async () => {
  environment.advance(1_000);
  await server.close();
});

test("before anything came there is nothing to show", () => {
  expect(run.getSnapshot()).toMatchObject({ run: null, live: null, error: null, connection: { state: "idle" } });
  expect(run.getSnapshot()).toBe(run.getSnapshot());
  expect(server.seen).toHaveLength(0);
});

test("a view is told of a burst of events twice: at its beginning and at its end", async () => {
  let calls = 0;
  const end = run.subscribe(() => calls++);
  await until(() => run.getSnapshot().run?.seq === 7, "the snapshot");
  environment.advance(100);
  calls = 0;
  for (let n = 8; n <= 50; n++) {
    server.log.add("output.appended", { key: "text", delta: "." });
    server.publish();
    await until(() => run.getSnapshot().run?.seq === n, "the next");
  }
  expect(calls).toBe(1);
  environment.advance(33);
  expect(calls).toBe(2);
  end();
});

test("the state is the same object until something changes", async () => {
  let calls = 0;
  const end = run.subscribe(() => calls++, 0);
  await until(() => run.getSnapshot().run?.seq === 7, "the snapshot");
  const before = run.getSnapshot();
  expect(run.getSnapshot()).toBe(before);
  calls = 0;
  server.send(": nothing\n\nevent: pi"); // part of a frame, as of a snapshot that comes in many pieces
  await until(() => calls > 0, "bytes");
  expect(run.getSnapshot()).toBe(before);
  server.send('ng\ndata: {"head":7}\n\n');
  server.log.add("output.appended", { key: "text", delta: "." });
  server.publish();
  await until(() => run.getSnapshot() !== before, "a change");
  expect(run.getSnapshot().connection).toBe(before.connection);
  expect(before.run?.seq).toBe(7);
  end();
});

test("events go to those who listen to their type, with the state that they led to", async () => {
  const heard: unknown[] = [];
  const ends = [
    run.on("note", ({ data }) => heard.push(["note", data.body, run.getSnapshot().run?.notes.length])),
    run.on("note", () => heard.push("again")),
    run.on("*", ({ type }) => heard.push(type)),
    run.on("item.finished", () => heard.push("never")),
  ];
  await until(() => run.getSnapshot().run?.seq === 7, "the snapshot");
  server.log.add("note", { kind: "info", title: null, body: "a" });
  server.publish();
  await until(() => heard.length === 3, "the note");
  expect(heard).toEqual([["note", "a", 1], "again", "note"]);
  ends[1]?.();
  server.log.add("note", { kind: "info", title: null, body: "b" });
  server.publish();
  await until(() => heard.length === 5, "the second note");
  expect(heard.slice(3)).toEqual([["note", "b", 2], "note"]);
  for (const end of ends) end();
});

test("a listener's mistake is reported and costs nobody else an event", async () => {
  const mistakes: unknown[] = [];
  vi.spyOn(Promise, "reject").mockImplementation((mistake) => {
    mistakes.push(mistake);
    return new Promise(() => {});
  });
  const seqs: number[] = [];
  const ends = [
    run.on("*", () => {
      throw new Error("mine");
    }),
    run.on("*", ({ seq }) => seqs.push(seq)),
  ];
  await until(() => run.getSnapshot().run?.seq === 7, "the snapshot");
  server.log.add("note", { kind: "info", title: null, body: "a" });
  server.log.add("note", { kind: "info", title: null, body: "b" });
  server.publish();
  await until(() => seqs.length === 2, "both notes");
  expect(mistakes).toEqual([new Error("mine"), new Error("mine")]);
  expect(run.getSnapshot().connection.state).toBe("live");
  for (const end of ends) end();
});

test("released more often than retained is as good as once", () => {
  run.release();
  run.retain();
  run.release();
  run.release();
  environment.advance(1_000);
  expect(run.getSnapshot().connection.state).toBe("idle");
  run.retain();
  environment.advance(1_000);
  expect(run.getSnapshot().connection.state).toBe("connecting");
  run.release();
});

test("released once too often, the run is still there for its views", async () => {
  const end = run.subscribe(() => {});
  run.release();
  run.retain();
  run.release();
  run.release();
  environment.advance(10_000);
  await until(() => run.getSnapshot().connection.state === "live", "live");
  end();
  environment.advance(1_000);
  expect(run.getSnapshot().connection.state).toBe("idle");
});

test("what a view throws is reported and costs nobody else a state", async () => {
  const mistakes: unknown[] = [];
  vi.spyOn(Promise, "reject").mockImplementation((mistake) => {
    mistakes.push(mistake);
    return new Promise(() => {});
  });
  let seen = 0;
  const mine = () => {
    throw new Error("mine");
  };
  const ends = [run.subscribe(mine, 0), run.subscribe(() => seen++, 0)];
  await until(() => run.getSnapshot().run?.seq === 7, "the snapshot");
  expect(seen).toBeGreaterThan(1);
  expect(mistakes[0]).toEqual(new Error("mine"));
  for (const end of ends) end();
});
