// @vitest-environment node
import { describe, expect, test } from "vitest";
import { Headway } from "../src/headway.ts";
import { until } from "./support/environment.ts";
import { begun, ended, reopen } from "./support/log.ts";
import {
  adopt,
  connection,
  environment,
  expectTruth,
  leave,
  OFF,
  paced,
  pinged,
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
    expect(Object.fromEntries(server.seen[0]?.query ?? [])).toEqual({ user: "ada", client: "ts/0.1.0" });
    log.add("run.succeeded", { result: 1 });
    server.publish();
    await reached("closed");
    await expect(run.cancel()).rejects.toMatchObject({ category: "invalid" });
    expect(server.seen.every(({ path }) => path === "/mine")).toBe(true);
  });

  test("is looked after at its address when the run has ended", async () => {
    const { log } = await serve(ended("run.failed"));
    watch({}, `${server.url}/mine`);
    await reached("closed");
    environment.advance(1_000);
    await polled();
    expect(states).toEqual(["connecting", "live", "closed"]);
    reopen(log);
    server.publish();
    await paced(() => run.getSnapshot().run?.status === "running", "running again");
    await reached("live");
    expect(states).not.toContain("backoff");
  });

  test("is polled at its address where streams are switched off", async () => {
    const { log } = await serve(begun());
    server.script = ({ headers }, response) => {
      if (headers.accept !== "text/event-stream") return false;
      begin(response);
      response.end(`retry: 500\n\n${frame("end", OFF)}`);
      return true;
    };
    watch({}, `${server.url}/mine?user=ada`);
    await seqReached();
    await polled();
    log.add("run.succeeded", { result: 1 });
    server.publish();
    await reached("closed");
    expectTruth();
    expect(states).toEqual(["connecting", "live", "closed"]);
    const asked = server.seen.map(({ query }) => Object.fromEntries(query));
    expect(asked[0]).toEqual({ user: "ada", client: "ts/0.1.0" });
    expect(asked[1]).toEqual({ user: "ada" });
    expect(asked.at(-1)).toEqual({ user: "ada", client: "ts/0.1.0", notices: "", after: "7.t", wait: "25" });
  });

  test("of some event types only has gaps, which are no trouble", async () => {
    const { log } = await serve(begun());
    server.script = (_request, response) => {
      begin(response);
      response.write(`retry: 500\n\n${frame("open", { ping_s: 15, live: null, partial: true })}`);
      response.write(frame("snapshot", log.snapshot(), log.cursor()));
      log.add("log", { level: "info", text: "x", fields: {} }).add("run.succeeded", { result: 1 });
      response.end(frame("run.succeeded", log.events.at(-1), log.cursor()) + frame("end", { final: true }));
      return true;
    };
    watch({}, `${server.url}/mine?types=run`);
    await reached("closed");
    expect(seqs).toEqual([9]);
    expect(server.seen).toHaveLength(1);
  });
});

describe("sharing", () => {
  test("all views of a run have one connection, which closes a moment after the last", async () => {
    await serve(begun());
    const client = new Headway({ baseUrl: server.url, environment });
    adopt(client.run("run_1"));
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
    leave();
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
    leave();
    environment.advance(1_000);
    run.retain();
    await reached("live");
    await pinged();
    environment.advance(37_500);
    await until(() => connection().state !== "live", "the watchdog of the second at work");
  });
});
