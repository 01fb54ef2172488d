import type { Headway, HeadwayError, RunEvent, RunHandle, RunSearch, RunSummary, Snapshot } from "@headway-run/client";
import { expectTypeOf, test } from "vitest";
import { CommandButton, ItemCard, ProgressBar, RunBanner } from "../src/components/index.ts";
import {
  type ConnectionStatus,
  HeadwayProvider,
  type UseRunOptions,
  useConnectionStatus,
  useHeadway,
  useRun,
  useRuns,
  useSSE,
} from "../src/index.ts";

test("hooks give what they say", () => {
  expectTypeOf(useRun).returns.toHaveProperty("run").toEqualTypeOf<Snapshot | null>();
  expectTypeOf(useRun).returns.toHaveProperty("handle").toEqualTypeOf<RunHandle | null>();
  expectTypeOf(useRun).parameter(0).toEqualTypeOf<string | null | undefined>();
  expectTypeOf(useRun).parameter(1).toEqualTypeOf<UseRunOptions | undefined>();
  expectTypeOf(useRuns).parameter(0).toEqualTypeOf<RunSearch | undefined>();
  expectTypeOf(useRuns).returns.toHaveProperty("runs").toEqualTypeOf<readonly RunSummary[] | null>();
  expectTypeOf(useRuns).returns.toHaveProperty("fresh").toEqualTypeOf<number>();
  expectTypeOf(useSSE).parameter(0).toEqualTypeOf<string | null | undefined>();
  expectTypeOf(useSSE).returns.toHaveProperty("data").toEqualTypeOf<Snapshot | null>();
  expectTypeOf(useSSE).returns.toHaveProperty("event").toEqualTypeOf<RunEvent | null>();
  expectTypeOf(useSSE).returns.toHaveProperty("error").toEqualTypeOf<HeadwayError | null>();
  expectTypeOf(useSSE).returns.toHaveProperty("isConnected").toEqualTypeOf<boolean>();
  expectTypeOf(useConnectionStatus).returns.toEqualTypeOf<ConnectionStatus>();
  expectTypeOf(useHeadway).returns.toEqualTypeOf<Headway>();
});

test("what can be watched has a status", () => {
  useConnectionStatus("run_1");
  useConnectionStatus(null);
  useConnectionStatus(undefined);
  useConnectionStatus(useRun("run_1").handle);
  useConnectionStatus(useRuns().handle);
  // @ts-expect-error a snapshot has no connection
  useConnectionStatus(useRun("run_1").run);
});

test("what a handle does, which may not be there yet, is a command", () => {
  const { run, handle } = useRun(null);
  const status = useConnectionStatus(handle);
  <RunBanner run={run} status={status} onRetry={() => handle?.retry()} />;
  <ItemCard title="Day 1" state="failed" onRetry={() => handle?.retry({ items: ["day:1"] })} />;
  <CommandButton send={() => handle?.cancel()}>Stop</CommandButton>;
  // @ts-expect-error it would be taken for done before it was
  <CommandButton send={() => 7}>Stop</CommandButton>;
});

test("a provider needs a client, a bar its words, a card its state", () => {
  expectTypeOf(HeadwayProvider).parameter(0).toHaveProperty("client").toEqualTypeOf<Headway>();
  // @ts-expect-error there is none
  <HeadwayProvider />;
  <ProgressBar label="Trip" percent={null} text="Starting" />;
  // @ts-expect-error a bar nobody can read
  <ProgressBar percent={3} />;
  // @ts-expect-error there is no such state
  <ItemCard title="Day 1" state="done" />;
});
