import { Headway } from "@headway-run/client";
import { act, renderHook, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestEnvironment, testEnvironment } from "../../client/test/support/environment.ts";
import { begun } from "../../client/test/support/log.ts";
import { problem, WireServer } from "../../client/test/support/server.ts";
import { useConnectionStatus } from "../src/index.ts";
import { nodeFetch } from "./support/node-fetch.ts";
import { leave, shown } from "./support/page.ts";

let environment: TestEnvironment;
let server: WireServer;
let client: Headway;

beforeEach(async () => {
  environment = testEnvironment(nodeFetch);
  server = await new WireServer(begun()).listen();
  client = new Headway({ baseUrl: server.url, environment, backoffMs: [60_000] });
});

afterEach(() => leave(environment, server));

function watch(target: Parameters<typeof useConnectionStatus>[0] = "run_1") {
  let renders = 0;
  const { result } = renderHook(() => {
    renders++;
    return useConnectionStatus(target, { client });
  });
  return { status: () => result.current, renders: () => renders };
}

test("it is drawn when the connection changes, not when the run does", async () => {
  const { status, renders } = watch();
  expect(status()).toMatchObject({ state: "connecting", sign: { word: "Connecting" }, outdated: false });
  await shown(environment, () => expect(status().state).toBe("live"));
  act(() => environment.advance(6_000));
  const before = renders();
  for (let n = 0; n < 5; n++) {
    server.log.add("output.appended", { key: "text", delta: "." });
    server.publish();
    await waitFor(() => expect(client.run("run_1").getSnapshot().run?.seq).toBe(8 + n));
    act(() => environment.advance(33));
  }
  expect(renders()).toBe(before);
  expect(status()).toMatchObject({ text: "What is shown is up to date.", downMs: 0, retryInS: null });
});

test("a break is told when it lasts, with the seconds until the next try", async () => {
  const { status } = watch(client.run("run_1"));
  await shown(environment, () => expect(status().state).toBe("live"));
  act(() => environment.advance(6_000));
  server.cut();
  await shown(environment, () => expect(status()).toMatchObject({ state: "backoff", downAt: expect.any(Number) }));
  const cutAt = status().downAt;
  expect(status()).toMatchObject({ sign: { word: "Live" }, outdated: false });
  act(() => environment.advance(2_000));
  expect(status()).toMatchObject({ sign: { word: "Reconnecting" }, outdated: false });
  expect(status().text).toMatch(/^.*Trying again in 2\d s\.$/);
  act(() => environment.advance(8_500));
  expect(status()).toMatchObject({ outdated: true, downAt: cutAt });
  act(() => status().reconnect());
  await shown(environment, () => expect(status().state).toBe("live"));
  expect(status()).toMatchObject({ sign: { word: "Live" }, outdated: false, downAt: null });
  expect(status().downMs).toBeGreaterThanOrEqual(10_000);
  act(() => environment.advance(5_500));
  expect(status().downMs).toBe(0);
});

test("where something is shown already, as of a run just created, a first connection that takes long is an outage", async () => {
  environment.fetch = () => new Promise(() => {});
  const { status } = watch(client.run("run_1", server.log.snapshot()));
  expect(status().sign.word).toBe("Live");
  act(() => environment.advance(2_000));
  expect(status().sign.word).toBe("Reconnecting");
});

test("another target begins anew", async () => {
  const other = await new WireServer(begun()).listen();
  const { result, rerender } = renderHook(({ id }) => useConnectionStatus(id, { client }), {
    initialProps: { id: "run_1" },
  });
  await shown(environment, () => expect(result.current.state).toBe("live"));
  server.cut();
  await shown(environment, () => expect(result.current.state).toBe("backoff"));
  act(() => environment.advance(4_000));
  expect(result.current.sign.word).toBe("Reconnecting");
  rerender({ id: `${other.url}/v1/runs/run_1` });
  expect(result.current).toMatchObject({ sign: { word: "Connecting" }, downMs: 0 });
  await shown(environment, () => expect(result.current.state).toBe("live"));
  await other.close();
});

test("offline is told at once", async () => {
  const { status } = watch();
  await shown(environment, () => expect(status().state).toBe("live"));
  environment.offline = true;
  server.cut();
  await shown(environment, () => expect(status()).toMatchObject({ sign: { word: "Offline" }, outdated: true }));
});

test("a final error is told in the server's words", async () => {
  server.script = (_request, response) => problem(response, 404, "run_not_found", "There is no such run");
  const { status } = watch("run_9");
  await shown(environment, () => expect(status().sign.word).toBe("Not connected"));
  expect(status().text).toBe("There is no such run.");
});

test("of nothing, nothing is told", () => {
  const { status } = watch(null);
  expect(status()).toMatchObject({ state: "idle", sign: { word: "Not watching" }, outdated: false });
  status().reconnect();
});
