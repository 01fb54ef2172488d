import { Headway } from "@headway-run/client";
import { act, cleanup, render, screen } from "@testing-library/react";
import { StrictMode, useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { HeadwayProvider, useConnection, useHeadway, useRun } from "../src/index.ts";

afterEach(cleanup);

const SNAPSHOT = {
  run_id: "run_1",
  job: "trip",
  title: "Rome",
  status: "running",
  seq: 1,
  cursor: "1.a",
  execution_id: "exe_1",
  attempt: 1,
  executions: [],
  created_at: null,
  started_at: null,
  finished_at: null,
  cancel_requested_at: null,
  progress: { percent: 10, reached: 10, eta: null, message: null },
  phases: [],
  items: {},
  outputs: {},
  asks: {},
  notes: [],
  errors: [],
  custom: {},
  result: null,
  error: null,
  owner: "",
  group: null,
  metadata: {},
};
const ENVELOPE = {
  run_id: "run_1",
  time: "2026-01-01T00:00:00.000Z",
  at: null,
  execution_id: "exe_1",
  correlation_id: null,
};

/** A server that keeps its streams open, and lets a test write to them. */
function server() {
  const encoder = new TextEncoder();
  const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  let open = 0;
  const fetch = vi.fn(async (_url: RequestInfo | URL, { signal }: RequestInit = {}) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        streams.push(controller);
        open += 1;
        signal?.addEventListener("abort", () => {
          open -= 1;
          controller.error(new DOMException("aborted", "AbortError"));
        });
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const write = async (event: string, data: unknown, id?: string) => {
    const frame = `${id ? `id: ${id}\n` : ""}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    await act(async () => {
      streams.at(-1)?.enqueue(encoder.encode(frame));
      await new Promise((done) => setTimeout(done, 40));
    });
  };
  const begin = async () => {
    await vi.waitFor(() => expect(streams.length).toBeGreaterThan(0));
    await write("open", {
      connection_id: "con_1",
      run_id: "run_1",
      execution_id: "exe_1",
      head: 1,
      ping_s: 15,
      server_time: ENVELOPE.time,
      live: null,
    });
    await write("snapshot", SNAPSHOT, "1.a");
  };
  const client = new Headway({ baseUrl: "http://test/headway", fetch: fetch as typeof globalThis.fetch });
  return { client, fetch, write, begin, open: () => open };
}

function Title({ id }: { id: string }) {
  const { run, connection, error } = useRun(id);
  return (
    <p role="status">
      {run ? `${run.title} ${run.status} ${run.progress.message ?? ""}` : "nothing"} {connection.state} {error?.message}
    </p>
  );
}

test("StrictMode and two views share one connection, and every change is drawn", async () => {
  const { client, fetch, write, begin } = server();
  render(
    <StrictMode>
      <HeadwayProvider client={client}>
        <Title id="run_1" />
        <Title id="run_1" />
      </HeadwayProvider>
    </StrictMode>,
  );
  await begin();
  expect(fetch).toHaveBeenCalledTimes(1);
  const data = { id: "main", done: 1, total: 2, unit: null, message: "halfway" };
  await write(
    "phase.progressed",
    { ...ENVELOPE, seq: 2, type: "phase.progressed", agent: null, step: null, data },
    "2.a",
  );
  expect(screen.getAllByRole("status").map((view) => view.textContent)).toEqual([
    "Rome running halfway live ",
    "Rome running halfway live ",
  ]);
});

test("a view that is moved keeps the connection, the last one to go closes it a moment later", async () => {
  const { client, fetch, begin, open } = server();
  let move: (place: number) => void = () => {};
  function Page() {
    const [place, setPlace] = useState(0);
    move = setPlace;
    return place < 2 ? <Title key={place} id="run_1" /> : null;
  }
  render(
    <HeadwayProvider client={client}>
      <Page />
    </HeadwayProvider>,
  );
  await begin();
  act(() => move(1));
  expect(screen.getByRole("status").textContent).toContain("Rome running");
  expect(fetch).toHaveBeenCalledTimes(1);
  act(() => move(2));
  expect(open()).toBe(1);
  await vi.waitFor(() => expect(open()).toBe(0), { timeout: 3_000 });
});

test("a run that was just created is drawn before the server says anything", () => {
  const { client } = server();
  function Created() {
    const { run } = useRun("run_1", { client, snapshot: SNAPSHOT as never });
    return <p role="status">{run?.title}</p>;
  }
  render(<Created />);
  expect(screen.getByRole("status").textContent).toBe("Rome");
});

test("a pill watches only the connection", async () => {
  const { client, write, begin } = server();
  let drawn = 0;
  function Pill() {
    drawn += 1;
    return <p role="status">{useConnection("run_1", { client }).state}</p>;
  }
  render(<Pill />);
  await begin();
  expect(screen.getByRole("status").textContent).toBe("live");
  const before = drawn;
  const data = { name: "n", key: null, data: 1 };
  await write("custom", { ...ENVELOPE, seq: 2, type: "custom", agent: null, step: null, data }, "2.a");
  expect(drawn).toBe(before);
});

test("without a provider the page's own origin is meant", () => {
  const seen: unknown[] = [];
  function Look() {
    seen.push(useHeadway());
    return null;
  }
  render(
    <>
      <Look />
      <Look />
    </>,
  );
  expect(seen[0]).toBeInstanceOf(Headway);
  expect(new Set(seen).size).toBe(1);
});
