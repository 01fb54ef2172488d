import "../styles/form.css";
import "../styles/run.css";
import type { HeadwayError, RunHandle, Snapshot } from "@headway-run/client";
import { type ConnectionStatus, useRun } from "@headway-run/react";
import { RunAnnouncer, RunBanner } from "@headway-run/react/components";
import { hasEnded, wholePercent } from "@headway-run/react/words";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import type { RefObject } from "react";
import { useConnection } from "../model/connection.ts";
import { Trouble } from "../parts/Trouble.tsx";
import { PageHeading } from "../shell/PageHeading.tsx";
import { useTitle } from "../shell/useTitle.ts";
import { Asks } from "./Asks.tsx";
import { ConnectionTab } from "./connection/ConnectionTab.tsx";
import { LogTab } from "./log/LogTab.tsx";
import { OperatorNotices, useOperatorNotices } from "./OperatorNotices.tsx";
import { OutputTab } from "./OutputTab.tsx";
import { Overview } from "./Overview.tsx";
import { RunHeader } from "./RunHeader.tsx";
import { ResultsTab } from "./results/ResultsTab.tsx";
import { Tabs } from "./Tabs.tsx";
import { TimelineTab } from "./timeline/TimelineTab.tsx";
import { useActivity } from "./useActivity.ts";
import { type Stores, useStores } from "./useStores.ts";

/** One run: what it does, what came of it, what it said, and how we know. What was shown once is never taken away. */
export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  return <OneRun key={runId} runId={runId} />;
}

function OneRun({ runId }: { runId: string }) {
  const { run, live, error, handle } = useRun(runId);
  const status = useConnection(handle);
  const stores = useStores(runId);
  const activity = useActivity(handle);
  const notices = useOperatorNotices(runId, handle, status.state === "closed");
  useTitle(tabTitle(run));
  if (!run || !handle) return <NoRun error={error} status={status} />;
  return (
    <>
      <RunHeader run={run} handle={handle} status={status} />
      <RunBanner run={run} status={status} error={error} />
      <OperatorNotices notices={notices} />
      <Overview run={run} live={live} activity={activity} />
      <Asks run={run} handle={handle} />
      <TabOf run={run} handle={handle} status={status} stores={stores} activity={activity} />
      <RunAnnouncer run={run} status={status} />
    </>
  );
}

/** `(42 %) Nightly import`. */
function tabTitle(run: Snapshot | null): string {
  const percent = run && !hasEnded(run.status) ? wholePercent(run) : null;
  return `${percent === null ? "" : `(${percent} %) `}${run?.title || run?.job || "Run"}`;
}

/** Nothing of the run has come yet, or ever will. */
function NoRun({ error, status }: { error: HeadwayError | null; status: ConnectionStatus }) {
  const elsewhere = <Link to="/">All runs</Link>;
  if (error?.category === "not_found") return <Trouble error={error} what="this run" level={1} elsewhere={elsewhere} />;
  return (
    <>
      <PageHeading>{error ? "This run cannot be shown" : "Run"}</PageHeading>
      {error && <Trouble error={error} what="this run" onAgain={status.reconnect} />}
      {!error && <p aria-busy="true">{status.attempt > 1 ? status.text : "Loading…"}</p>}
    </>
  );
}

interface TabOfProps {
  run: Snapshot;
  handle: RunHandle;
  status: ConnectionStatus;
  stores: Stores;
  activity: RefObject<number | null>;
}

function TabOf({ run, handle, status, stores, activity }: TabOfProps) {
  const { tab = "timeline", seq } = useSearch({ from: "/runs/$runId" });
  return (
    <Tabs run={run} current={tab}>
      {tab === "timeline" && <TimelineTab store={stores.timeline} />}
      {tab === "results" && <ResultsTab run={run} handle={handle} stale={status.outdated} />}
      {tab === "output" && <OutputTab run={run} />}
      {tab === "log" && <LogTab store={stores.lines} seq={seq} />}
      {tab === "connection" && <ConnectionTab handle={handle} connection={status} activity={activity} />}
    </Tabs>
  );
}
