// @vitest-environment node
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunEvent } from "../src/contract.gen.ts";
import { Headway } from "../src/headway.ts";
import { many } from "../src/many.ts";
import type { RunHandle } from "../src/run.ts";
import { type TestEnvironment, testEnvironment, until } from "./support/environment.ts";
import { expectSame } from "./support/equal.ts";
import { begun, type Log } from "./support/log.ts";
import { ManyServer } from "./support/many.ts";

import { frame } from "./support/server.ts";

let environment: TestEnvironment;
let server: ManyServer;
let headway: Headway;
let watched: [RunHandle, () => void][];
let seqs: Record<string, number[]>;

beforeEach(async () => {
  environment = testEnvironment();
  server = await new ManyServer(begun("run_a"), begun("run_b"), begun("run_c")).listen();
  headway = new Headway({ baseUrl: server.url, environment, stream: many() });
  watched = [];
  seqs = {};
});

afterEach(async () => {
  for (const [, end] of watched) end();
  environment.advance(1_000);
  await server.close();
});

function log(id: string): Log {
  return server.logs.get(id) as Log;
}

function watch(...ids: string[]): RunHandle[] {
  const runs = ids.map((id) => {
    const run = headway.run(id);
    const note = ({ seq }: RunEvent) => {
      seqs[id] = [...(seqs[id] ?? []), seq];
    };
    watched.push([run, run.on("*", note)]);
    return run;
  });
  environment.advance(20);
  return runs;
}

function isUpToDate([handle]: [RunHandle, () => void]): boolean {
  const { run } = handle.getSnapshot();
  return run !== null && run.seq === log(run.run_id ?? "").events.length;
}

function upToDate(): Promise<void> {
  return until(() => watched.every(isUpToDate), "everything");
}

/** Let those who come (back) gather. */
async function regrouped(): Promise<void> {
  await until(() => environment.nextIn() <= 20, "a gathering");
  await new Promise((resolve) => setTimeout(resolve, 5)); // the others come in the same moment
  environment.advance(20);
}

function expectTruth(): void {
  for (const [run] of watched) {
    const shown = run.getSnapshot().run;
    expectSame(shown, log(shown?.run_id ?? "").snapshot(), "what is shown");
  }
}

function grow(...ids: string[]): void {
  for (const id of ids) log(id).add("output.appended", { key: "text", delta: id });
  server.publish();
}

test("runs that begin together share one connection", async () => {
  watch("run_a", "run_b", "run_c");
  await upToDate();
  grow("run_a", "run_b", "run_c", "run_b");
  await upToDate();
  expect(server.opened).toEqual([["run_a@", "run_b@", "run_c@"]]);
  expect(seqs).toEqual({ run_a: [8], run_b: [8, 9], run_c: [8] });
  for (const [run] of watched) expect(run.getSnapshot().connection).toMatchObject({ state: "live", transport: "sse" });
  expectTruth();
});

test("one that comes later is added from everybody's cursor", async () => {
  watch("run_a");
  await upToDate();
  grow("run_a");
  await upToDate();
  watch("run_b");
  await upToDate();
  grow("run_a", "run_b");
  await upToDate();
  expect(server.opened).toEqual([["run_a@"], ["run_a@8.t", "run_b@"]]);
  expect(seqs).toEqual({ run_a: [8, 9], run_b: [8] });
  await until(() => server.watching === 1, "one stream");
});

test("one that leaves costs the others nothing, and the last one closes the connection", async () => {
  watch("run_a", "run_b");
  await upToDate();
  watched.shift()?.[1]();
  environment.advance(1_000);
  grow("run_a", "run_b");
  await upToDate();
  expect(server.opened).toHaveLength(1);
  watched.shift()?.[1]();
  environment.advance(1_000);
  await until(() => server.watching === 0, "no stream");
});

test("each run ends by its own end", async () => {
  const [a, b] = watch("run_a", "run_b") as [RunHandle, RunHandle];
  await upToDate();
  log("run_a").add("run.succeeded", { result: null });
  server.publish();
  await until(() => a.getSnapshot().connection.state === "closed", "the end of one");
  expect(b.getSnapshot().connection.state).toBe("live");
  grow("run_b");
  await upToDate();
  expect(server.opened).toHaveLength(1);
  expectTruth();
});

test("one that is not there is told so, and nobody else", async () => {
  const [a, gone] = watch("run_a", "run_x") as [RunHandle, RunHandle];
  await until(() => gone.getSnapshot().error !== null, "the error");
  expect(gone.getSnapshot().error).toMatchObject({ category: "not_found" });
  watched.pop();
  await upToDate();
  expect(a.getSnapshot().connection.state).toBe("live");
});

test("more than a connection may carry are on two", async () => {
  const ids = Array.from({ length: 65 }, (_, n) => `run_${n}`);
  for (const id of ids) server.logs.set(id, begun(id));
  watch(...ids);
  await upToDate();
  expect(server.opened.map((runs) => runs.length).sort()).toEqual([1, 64]);
  expect(server.watching).toBe(2);
});

test("a stream of an application's own keeps a connection of its own", async () => {
  const own = headway.run(`${server.url}/reports/7/events`);
  const end = own.subscribe(() => {});
  await until(() => own.getSnapshot().error !== null, "an answer"); // this server has no such route
  expect(own.getSnapshot().error).toMatchObject({ category: "not_found" });
  expect(server.opened).toEqual([]);
  end();
});

test("after an outage all come back on one connection, without a loss", async () => {
  watch("run_a", "run_b", "run_c");
  await upToDate();
  grow("run_a");
  await upToDate();
  server.cut();
  await until(() => watched.every(([run]) => run.getSnapshot().connection.state === "backoff"), "the outage");
  log("run_b").add("output.appended", { key: "text", delta: "meanwhile" });
  environment.step(1_000);
  await regrouped();
  await upToDate();
  expect(server.opened).toEqual([
    ["run_a@", "run_b@", "run_c@"],
    ["run_a@8.t", "run_b@7.t", "run_c@7.t"],
  ]);
  expect(seqs).toEqual({ run_a: [8], run_b: [8] });
  expectTruth();
});

test("a silent connection is given up by all, and made once", async () => {
  watch("run_a", "run_b");
  await upToDate();
  grow("run_a", "run_b");
  await upToDate();
  environment.advance(37_500);
  await until(() => watched.every(([run]) => run.getSnapshot().connection.state === "backoff"), "the silence");
  environment.step(1_000);
  await regrouped();
  await until(() => server.opened.length === 2, "another stream");
  expect(server.opened[1]).toEqual(["run_a@8.t", "run_b@8.t"]);
});

test("a server without a place is asked again by all at once", async () => {
  server.busy = true;
  watch("run_a", "run_b");
  await until(() => watched.every(([run]) => run.getSnapshot().connection.attempt === 1), "a refusal");
  server.busy = false;
  environment.step(1_000);
  await regrouped();
  await upToDate();
  expect(server.opened).toHaveLength(2);
});

test("a gap in one run is mended for it, and the others go on", async () => {
  watch("run_a", "run_b");
  await upToDate();
  log("run_a").add("output.appended", { key: "text", delta: "1" }).add("output.appended", { key: "text", delta: "2" });
  server.send(frame("output.appended", log("run_a").events.at(-1), `run_a:${log("run_a").cursor()}`));
  await regrouped();
  await upToDate();
  expect(seqs).toEqual({ run_a: [8, 9] });
  expect(server.opened[1]).toEqual(["run_b@7.t", "run_a@7.t"]);
});

test("what concerns all of them comes to all of them", async () => {
  const [a, b] = watch("run_a", "run_b") as [RunHandle, RunHandle];
  const notices: string[] = [];
  const ends = [
    a.on("notice", ({ text }) => notices.push(`a ${text}`)),
    b.on("notice", ({ text }) => notices.push(`b ${text}`)),
  ];
  await upToDate();
  server.send(frame("notice", { text: "Back at noon." }));
  await until(() => notices.length === 2, "the notices");
  expect(notices).toEqual(["a Back at noon.", "b Back at noon."]);
  for (const end of ends) end();
  server.send(frame("reauthorize", { in: 5 }));
  await regrouped();
  await until(() => server.opened.length === 2, "another stream");
  expect(server.opened[1]).toEqual(["run_a@7.t", "run_b@7.t"]);
});

test("where streams do not get through, two long-polls wait, and the other runs are asked for now and then", async () => {
  const ids = Array.from({ length: 8 }, (_, n) => `run_${n}`);
  for (const id of ids) server.logs.set(id, begun(id));
  headway = new Headway({ baseUrl: server.url, environment, stream: many(), transport: "poll" });
  watch(...ids);
  await upToDate();
  const passed = (isSo: () => boolean, what: string) =>
    until(() => {
      if (!isSo()) environment.step(3_000);
      return isSo();
    }, what);
  await passed(() => new Set(server.plain).size === 8 && server.waiting.size === 2, "polls of all");
  const [first, second] = [...server.waiting];
  server.plain.length = 0;
  await passed(() => new Set(server.plain).size === 6, "plain polls of the others");
  expect([...server.waiting]).toEqual([first, second]);
  expect(server.plain).not.toContain(first);

  grow(...ids.filter((id) => id !== first && id !== second));
  await passed(() => watched.every(isUpToDate), "all events");
  server.answerWaiting(); // places that become free are taken again
  await passed(() => server.waiting.size === 2, "two that wait");
  expectTruth();
});
