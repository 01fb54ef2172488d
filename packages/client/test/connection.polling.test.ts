// @vitest-environment node
import { describe, expect, test } from "vitest";
import { until } from "./support/environment.ts";
import { begun, ended } from "./support/log.ts";
import {
  connection,
  environment,
  expectTruth,
  OFF,
  paced,
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
