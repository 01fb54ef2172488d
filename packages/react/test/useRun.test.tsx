import { Headway } from "@headway-run/client";
import { act, render, renderHook, screen, waitFor } from "@testing-library/react";
import { Profiler, StrictMode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type TestEnvironment, testEnvironment } from "../../client/test/support/environment.ts";
import { begun, Log } from "../../client/test/support/log.ts";
import { problem, WireServer } from "../../client/test/support/server.ts";
import { HeadwayProvider, useHeadway, useRun } from "../src/index.ts";
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

function Trip({ id }: { id: string | null | undefined }) {
  const { run, connection, error, live } = useRun(id);
  const queue = live?.queue_position ?? "-";
  const seq = run?.seq ?? "none";
  return (
    <p role="status">{`seq ${seq}, ${run?.outputs["text"]?.text ?? ""}, ${connection.state}, ${queue}, ${error?.message ?? ""}`}</p>
  );
}

function page(): string {
  return screen.getByRole("status").textContent ?? "";
}

test("a component shows the run and follows it", async () => {
  render(
    <HeadwayProvider client={client}>
      <Trip id="run_1" />
    </HeadwayProvider>,
  );
  expect(page()).toContain("seq none, , connecting");
  await shown(environment, () => expect(page()).toContain("seq 7, Ein Tag in Rom: 👩🏽‍🚀🏛️ , live"));
  server.log.add("output.appended", { key: "text", delta: "Kolosseum" }).add("run.succeeded", { result: null });
  server.publish();
  await shown(environment, () => expect(page()).toContain("🏛️ Kolosseum, closed"));
});

test("in StrictMode there is one connection, and it stays", async () => {
  render(
    <StrictMode>
      <HeadwayProvider client={client}>
        <Trip id="run_1" />
      </HeadwayProvider>
    </StrictMode>,
  );
  await shown(environment, () => expect(page()).toContain("seq 7"));
  act(() => environment.advance(5_000));
  server.log.add("output.appended", { key: "text", delta: "!" });
  server.publish();
  await shown(environment, () => expect(page()).toContain("seq 8"));
  expect(server.streams).toHaveLength(1);
  expect(server.watching).toBe(1);
});

test("unmounted, it lets go of the connection after a moment; mounted again before that, it keeps it", async () => {
  const first = render(<TripOf client={client} />);
  await shown(environment, () => expect(page()).toContain("seq 7"));
  first.unmount();
  environment.advance(900);
  const second = render(<TripOf client={client} />);
  expect(page()).toContain("seq 7");
  environment.advance(5_000);
  expect(server.watching).toBe(1);
  second.unmount();
  environment.advance(1_000);
  await waitFor(() => expect(server.watching).toBe(0));
  expect(environment.pending()).toBe(0);
  expect(server.streams).toHaveLength(1);
});

function TripOf({ client: own }: { client: Headway }) {
  return (
    <HeadwayProvider client={own}>
      <Trip id="run_1" />
    </HeadwayProvider>
  );
}

test("two hundred events are drawn in a few renders", async () => {
  const onRender = vi.fn();
  render(
    <HeadwayProvider client={client}>
      <Profiler id="trip" onRender={onRender}>
        <Trip id="run_1" />
      </Profiler>
    </HeadwayProvider>,
  );
  await shown(environment, () => expect(page()).toContain("seq 7"));
  onRender.mockClear();
  for (let n = 0; n < 200; n++) server.log.add("output.appended", { key: "text", delta: "." });
  server.publish();
  await waitFor(() => expect(client.run("run_1").getSnapshot().run?.seq).toBe(207));
  act(() => environment.advance(33));
  expect(page()).toContain("seq 207");
  expect(onRender.mock.calls.length).toBeLessThanOrEqual(2);
});

test("another run is another connection; no run is none", async () => {
  const other = await new WireServer(new Log("run_2").add("output.started", { key: "text" })).listen();
  const pageOf = (id: string | null | undefined) => (
    <HeadwayProvider client={client}>
      <Trip id={id} />
    </HeadwayProvider>
  );
  const { rerender } = render(pageOf(undefined)); // as of a router whose address has no id
  expect(page()).toContain("seq none, , idle");
  rerender(pageOf(null));
  expect(page()).toContain("seq none, , idle");
  rerender(pageOf("run_1"));
  await shown(environment, () => expect(page()).toContain("seq 7"));
  rerender(pageOf(`${other.url}/v1/runs/run_2`));
  await shown(environment, () => expect(page()).toContain("seq 1,"));
  environment.advance(1_000);
  await waitFor(() => expect(server.watching).toBe(0));
  expect(other.watching).toBe(1);
  rerender(pageOf(null));
  expect(page()).toContain("seq none, , idle");
  await other.close();
});

test("a run that was just created is drawn before the server says anything, and goes on from there", async () => {
  const { result } = renderHook(() => useRun("run_1", { client, snapshot: server.log.snapshot() }));
  expect(result.current.run?.seq).toBe(7);
  await shown(environment, () => expect(result.current.connection.state).toBe("live"));
  expect(server.streams[0]?.headers["last-event-id"]).toBe("7.t");
});

test("what cannot be seen says so", async () => {
  server.script = (_request, response) => problem(response, 404, "run_not_found", "There is no such run");
  render(
    <HeadwayProvider client={client}>
      <Trip id="run_9" />
    </HeadwayProvider>,
  );
  await shown(environment, () => expect(page()).toContain("failed, -, There is no such run"));
});

test("the handle commands the run, and is the same at every render", async () => {
  const { result, rerender } = renderHook(() => useRun("run_1", { client }));
  await shown(environment, () => expect(result.current.run?.seq).toBe(7));
  const before = result.current;
  rerender();
  expect(result.current).toBe(before);
  await act(async () => {
    await before.handle?.cancel("enough");
  });
  expect(server.requests("/cancel")[0]?.body).toEqual({ reason: "enough" });
});

test("without a provider all components have one client", () => {
  const first = renderHook(() => useHeadway());
  const second = renderHook(() => useHeadway());
  expect(first.result.current).toBeInstanceOf(Headway);
  expect(second.result.current).toBe(first.result.current);
});
