import { Headway, type RunEvent } from "@headway-run/client";
import { act, render, renderHook } from "@testing-library/react";
import { Profiler, type ReactNode, StrictMode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type TestEnvironment, testEnvironment } from "../../client/test/support/environment.ts";
import { begun } from "../../client/test/support/log.ts";
import { problem, WireServer } from "../../client/test/support/server.ts";
import { HeadwayProvider, type UseSSEOptions, useSSE } from "../src/index.ts";
import { nodeFetch } from "./support/node-fetch.ts";
import { leave, shown } from "./support/page.ts";

let environment: TestEnvironment;
let server: WireServer;
let client: Headway;

beforeEach(async () => {
  environment = testEnvironment(nodeFetch);
  server = await new WireServer(begun()).listen();
  client = new Headway({ baseUrl: server.url, environment });
});

afterEach(() => leave(environment, server));

function wrapper({ children }: { children: ReactNode }) {
  return (
    <StrictMode>
      <HeadwayProvider client={client}>{children}</HeadwayProvider>
    </StrictMode>
  );
}

function follow(path: string, options: UseSSEOptions = {}) {
  return renderHook(() => useSSE(`${server.url}${path}`, options), { wrapper }).result;
}

test("a route of one's own is followed, its events are told of once, and StrictMode makes no second connection", async () => {
  const events: RunEvent[] = [];
  const result = follow("/mine", { onEvent: (event) => events.push(event) });
  expect(result.current).toMatchObject({ data: null, event: null, error: null, isConnected: false });
  await shown(environment, () => expect(result.current.data?.seq).toBe(7));
  expect(result.current.isConnected).toBe(true);
  server.log.add("output.appended", { key: "text", delta: "!" }).add("item.finished", { key: "day:1", data: null });
  server.publish();
  await shown(environment, () => expect(result.current.event?.type).toBe("item.finished"));
  expect(events.map(({ seq }) => seq)).toEqual([8, 9]);
  expect(result.current.data?.items["day:1"]?.status).toBe("finished");
  expect(server.seen).toHaveLength(1);
});

test("only some events are asked for, and told of", async () => {
  const types: string[] = [];
  const result = follow("/v1/runs/run_1/stream", { types: ["item"], onEvent: ({ type }) => types.push(type) });
  await shown(environment, () => expect(result.current.data?.seq).toBe(7));
  server.log.add("output.appended", { key: "text", delta: "!" }).add("item.finished", { key: "day:1", data: null });
  server.publish();
  await shown(environment, () => expect(result.current.event?.type).toBe("item.finished"));
  expect(types).toEqual(["item.finished"]);
  expect(server.streams[0]?.query.get("types")).toBe("item");
});

test("nothing is followed before there is an address", async () => {
  const { result, rerender } = renderHook(({ url }) => useSSE(url), {
    wrapper,
    initialProps: { url: undefined as string | null | undefined },
  });
  expect(result.current).toMatchObject({ data: null, event: null, error: null, isConnected: false });
  result.current.reconnect();
  rerender({ url: null });
  expect(server.seen).toHaveLength(0);
  rerender({ url: `${server.url}/mine` });
  await shown(environment, () => expect(result.current.data?.seq).toBe(7));
});

test("when the run has ended, what is shown is up to date", async () => {
  const result = follow("/mine");
  await shown(environment, () => expect(result.current.isConnected).toBe(true));
  server.log.add("run.succeeded", { result: null });
  server.publish();
  await shown(environment, () => expect(result.current.data?.status).toBe("succeeded"));
  await shown(environment, () =>
    expect(client.run(`${server.url}/mine`).getSnapshot().connection.state).toBe("closed"),
  );
  expect(result.current.isConnected).toBe(true);
});

test("the log can be read from its first event on", async () => {
  const seqs: number[] = [];
  const result = follow("/mine", { from: "earliest", onEvent: ({ seq }) => seqs.push(seq) });
  expect(result.current.data).toBeNull();
  await shown(environment, () => expect(result.current.data?.seq).toBe(7));
  expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(result.current.data?.title).toBe("Rom 🏛️");
  expect(server.seen[0]?.query.get("deliver")).toBe("all");
});

test("the newest callback is called, and another one is no other connection", async () => {
  const told: string[] = [];
  const { result, rerender } = renderHook(
    ({ name }) => useSSE(`${server.url}/mine`, { onEvent: () => told.push(name) }),
    { wrapper, initialProps: { name: "first" } },
  );
  await shown(environment, () => expect(result.current.isConnected).toBe(true));
  rerender({ name: "second" });
  server.log.add("output.appended", { key: "text", delta: "!" });
  server.publish();
  await shown(environment, () => expect(told).toEqual(["second"]));
  expect(server.seen).toHaveLength(1);
});

test("its waits are its own, and views with the same wishes share a connection", async () => {
  const both = renderHook(
    () => [useSSE(`${server.url}/mine`, { retry: [7_000] }), useSSE(`${server.url}/mine`, { retry: [7_000] })],
    { wrapper },
  ).result;
  await shown(environment, () => expect(both.current.map(({ isConnected }) => isConnected)).toEqual([true, true]));
  server.cut();
  await shown(environment, () => expect(both.current[0]?.isConnected).toBe(false));
  expect(environment.nextIn()).toBeLessThanOrEqual(3_500); // half of it, by this environment's chance
  act(() => environment.advance(3_000));
  expect(server.seen).toHaveLength(1);
  act(() => environment.advance(500));
  await shown(environment, () => expect(both.current[1]?.isConnected).toBe(true));
  expect(server.seen).toHaveLength(2);
});

test("what cannot be seen says so, and is tried again when somebody asks", async () => {
  const { script } = server;
  server.script = (_request, response) => problem(response, 403, "forbidden", "This run is not yours");
  const result = follow("/mine");
  await shown(environment, () => expect(result.current.error?.message).toBe("This run is not yours"));
  server.script = script;
  act(() => result.current.reconnect());
  await shown(environment, () => expect(result.current.isConnected).toBe(true));
  expect(result.current.error).toBeNull();
});

test("a burst of events is told of one by one and drawn a few times", async () => {
  const onRender = vi.fn();
  const onEvent = vi.fn();
  function View() {
    const { data } = useSSE(`${server.url}/mine`, { onEvent });
    return <p>{data?.seq}</p>;
  }
  render(
    <HeadwayProvider client={client}>
      <Profiler id="view" onRender={onRender}>
        <View />
      </Profiler>
    </HeadwayProvider>,
  );
  const run = client.run(`${server.url}/mine`);
  await shown(environment, () => expect(run.getSnapshot().connection.state).toBe("live"));
  onRender.mockClear();
  for (let n = 0; n < 200; n++) server.log.add("output.appended", { key: "text", delta: "." });
  server.publish();
  await vi.waitFor(() => expect(run.getSnapshot().run?.seq).toBe(207));
  act(() => environment.advance(33));
  expect(onEvent).toHaveBeenCalledTimes(200);
  expect(onRender.mock.calls.length).toBeLessThanOrEqual(2);
});
