import { Headway } from "@headway-run/client";
import { act, render, screen, waitFor } from "@testing-library/react";
import { Profiler } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type TestEnvironment, testEnvironment } from "../../client/test/support/environment.ts";
import { begun } from "../../client/test/support/log.ts";
import { WireServer } from "../../client/test/support/server.ts";
import {
  ConnectionPill,
  ItemCard,
  OutputText,
  PhaseStepper,
  ProgressBar,
  RunAnnouncer,
  RunBanner,
} from "../src/components/index.ts";
import { HeadwayProvider, useConnectionStatus, useRun } from "../src/index.ts";
import { itemState, progressText, wholePercent } from "../src/words/index.ts";
import { nodeFetch } from "./support/node-fetch.ts";
import { leave } from "./support/page.ts";

const EVENTS = 20_000;
const COMMITS_MAX = 5;

let environment: TestEnvironment;
let server: WireServer;
let client: Headway;

beforeEach(async () => {
  environment = testEnvironment(nodeFetch);
  server = await new WireServer(begun()).listen();
  client = new Headway({ baseUrl: server.url, environment });
});

afterEach(() => leave(environment, server));

/** A page with all there is. */
function Trip() {
  const { run, error, handle } = useRun("run_1");
  const status = useConnectionStatus(handle);
  return (
    <main>
      <ConnectionPill status={status} />
      <RunBanner run={run} status={status} error={error} onRetry={() => Promise.resolve()} />
      <RunAnnouncer run={run} status={status} />
      {run && (
        <>
          <ProgressBar label="Trip" percent={wholePercent(run)} text={progressText(run)} />
          <PhaseStepper run={run} />
          <ol>
            {Object.entries(run.items).map(([key, item]) => (
              <ItemCard key={key} title={item.title} state={itemState(item, run.status)} progress={item.progress} />
            ))}
          </ol>
          <OutputText output={run.outputs["text"]} />
          <p data-testid="seq">{run.seq}</p>
        </>
      )}
    </main>
  );
}

test("who joins after 20,000 events takes one frame and a few commits", async () => {
  for (let n = 0; n < EVENTS; n++) server.log.add("output.appended", { key: "text", delta: "." });
  const onRender = vi.fn();
  const told = vi.fn();
  const run = client.run("run_1");
  const end = run.on("*", told);
  render(
    <HeadwayProvider client={client}>
      <Profiler id="trip" onRender={onRender}>
        <Trip />
      </Profiler>
    </HeadwayProvider>,
  );
  await waitFor(() => expect(run.getSnapshot().run?.seq).toBe(EVENTS + 7));
  act(() => environment.advance(33));
  expect(screen.getByTestId("seq").textContent).toBe(`${EVENTS + 7}`);
  expect(onRender.mock.calls.length).toBeLessThanOrEqual(COMMITS_MAX);
  expect(told).not.toHaveBeenCalled(); // the snapshot stands for all of them
  expect(server.streams).toHaveLength(1);

  onRender.mockClear();
  for (let n = 0; n < EVENTS; n++) server.log.add("output.appended", { key: "text", delta: "." });
  server.publish();
  await waitFor(() => expect(run.getSnapshot().run?.seq).toBe(2 * EVENTS + 7), { timeout: 20_000 });
  act(() => environment.advance(33));
  expect(screen.getByTestId("seq").textContent).toBe(`${2 * EVENTS + 7}`);
  expect(told).toHaveBeenCalledTimes(EVENTS);
  expect(onRender.mock.calls.length).toBeLessThanOrEqual(COMMITS_MAX);
  end();
});
