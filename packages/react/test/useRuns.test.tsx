import { Headway, type RunStatus } from "@headway-run/client";
import { act, render, renderHook, screen, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestEnvironment, testEnvironment } from "../../client/test/support/environment.ts";
import { ListServer } from "../../client/test/support/lists.ts";
import { HeadwayProvider, useConnectionStatus, useRuns } from "../src/index.ts";
import { nodeFetch } from "./support/node-fetch.ts";
import { leave, shown } from "./support/page.ts";

let environment: TestEnvironment;
let server: ListServer;
let client: Headway;

beforeEach(async () => {
  environment = testEnvironment(nodeFetch);
  server = await new ListServer(3).listen();
  client = new Headway({ baseUrl: server.url, environment });
});

afterEach(() => leave(environment, server));

function Trips() {
  const { runs, fresh, showFresh, next, handle } = useRuns({ job: "trip", limit: 2 });
  const { sign } = useConnectionStatus(handle);
  return (
    <>
      <button type="button" onClick={() => void showFresh()}>
        {fresh} new
      </button>
      <ol aria-label={`${sign.word}, ${next === null ? "whole" : "more"}`}>
        {runs?.map(({ id, title, percent }) => (
          <li key={id}>
            {title}, {percent} %
          </li>
        ))}
      </ol>
    </>
  );
}

const rows = () => screen.getAllByRole("listitem").map(({ textContent }) => textContent);

test("a list shows its rows as they are, and new ones when somebody wants them", async () => {
  render(
    <HeadwayProvider client={client}>
      <Trips />
    </HeadwayProvider>,
  );
  await shown(environment, () => expect(rows()).toEqual(["Trip 3, 10 %", "Trip 2, 10 %"]));
  await shown(environment, () => expect(screen.getByRole("list", { name: "Live, more" })).toBeTruthy());
  server.begin(4);
  server.change(2, { percent: 50 });
  await shown(environment, () => expect(screen.getByRole("button").textContent).toBe("1 new"));
  await shown(environment, () => expect(rows()).toEqual(["Trip 3, 10 %", "Trip 2, 50 %"]));
  act(() => screen.getByRole("button").click());
  await shown(environment, () => expect(rows()).toEqual(["Trip 4, 10 %", "Trip 3, 10 %"]));
  expect(screen.getByRole("button").textContent).toBe("0 new");
});

test("in StrictMode there is one connection, and it stays", async () => {
  render(
    <StrictMode>
      <HeadwayProvider client={client}>
        <Trips />
      </HeadwayProvider>
    </StrictMode>,
  );
  await shown(environment, () => expect(rows()).toHaveLength(2));
  await shown(environment, () => expect(server.watching).toBe(1));
  act(() => environment.advance(5_000));
  server.change(3, { percent: 70 });
  await shown(environment, () => expect(rows()[0]).toBe("Trip 3, 70 %"));
  expect(server.streams).toHaveLength(1);
  expect(server.watching).toBe(1);
});

test("a query written anew is the same list, another one is another", async () => {
  const { result, rerender } = renderHook(({ limit }) => useRuns({ limit }, { client }), {
    initialProps: { limit: 2 },
  });
  await shown(environment, () => expect(result.current.runs).toHaveLength(2));
  const { handle } = result.current;
  rerender({ limit: 2 });
  expect(result.current.handle).toBe(handle);
  rerender({ limit: 3 });
  expect(result.current.runs).toBeNull();
  await shown(environment, () => expect(result.current.runs).toHaveLength(3));
});

test("a filter in which nothing was chosen is none", async () => {
  const { result, rerender } = renderHook(({ status }) => useRuns({ status, limit: 2 }, { client }), {
    initialProps: { status: [] as RunStatus[] },
  });
  await shown(environment, () => expect(result.current.runs).toHaveLength(2));
  expect(server.seen.filter(({ query }) => query.has("status"))).toEqual([]);
  rerender({ status: ["failed", "partial"] });
  await shown(environment, () => expect(server.seen.at(-1)?.query.get("status")).toBe("failed,partial"));
});

test("runs are looked for without a stream, and other words are another list", async () => {
  const { result, rerender } = renderHook(({ q }) => useRuns({ q }, { client }), { initialProps: { q: "Trip 2" } });
  await shown(environment, () => expect(result.current.runs).toHaveLength(1));
  expect(result.current).toMatchObject({ next: null, incomplete: false });
  rerender({ q: "Rome" });
  expect(result.current.runs).toBeNull();
  await shown(environment, () => expect(result.current.runs).toEqual([]));
  expect(server.streams).toHaveLength(0);
});

test("a burst of changes is drawn once", async () => {
  let renders = 0;
  const { result } = renderHook(() => {
    renders++;
    return useRuns({ limit: 2 }, { client });
  });
  const { handle } = result.current;
  await shown(environment, () => expect(result.current.connection.state).toBe("live"));
  await shown(environment, () => expect(result.current.next).not.toBeNull());
  const before = renders;
  for (let n = 0; n < 500; n++) server.change(2, { percent: n / 10 });
  server.begin(4);
  await waitFor(() => expect(handle.getSnapshot().fresh).toBe(1)); // time stands still meanwhile
  act(() => environment.advance(33));
  expect(result.current.fresh).toBe(1);
  expect(result.current.runs?.[1]?.percent).toBe(49.9);
  expect(renders - before).toBeLessThanOrEqual(2);
});
