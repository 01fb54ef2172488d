import type { ConnectionInfo, Headway, RunHandle, Snapshot } from "@headway-run/client";
import { expectTypeOf, test } from "vitest";
import { HeadwayProvider, type UseRunOptions, useConnection, useHeadway, useRun } from "../src/index.ts";

test("hooks give what they say", () => {
  expectTypeOf(useRun).returns.toHaveProperty("run").toEqualTypeOf<Snapshot | null>();
  expectTypeOf(useRun).returns.toHaveProperty("handle").toEqualTypeOf<RunHandle | null>();
  expectTypeOf(useRun).parameter(0).toEqualTypeOf<string | null>();
  expectTypeOf(useRun).parameter(1).toEqualTypeOf<UseRunOptions | undefined>();
  expectTypeOf(useConnection).returns.toEqualTypeOf<ConnectionInfo>();
  expectTypeOf(useHeadway).returns.toEqualTypeOf<Headway>();
});

test("a provider needs a client", () => {
  expectTypeOf(HeadwayProvider).parameter(0).toHaveProperty("client").toEqualTypeOf<Headway>();
  // @ts-expect-error there is none
  <HeadwayProvider />;
});
