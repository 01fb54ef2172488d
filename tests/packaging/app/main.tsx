import { Headway } from "@headway-run/client";
import { type CreateRun, createRun } from "@headway-run/client/faces";
import { createOutbox } from "@headway-run/client/outbox";
import { createLog, createStatus } from "@headway-run/client/status";
import { HeadwayProvider, useConnectionStatus, useRun } from "@headway-run/react";
import { ConnectionPill, ProgressBar } from "@headway-run/react/components";
import "@headway-run/react/styles.css";
import "@headway-run/react/page.css";
import { createRoot } from "react-dom/client";

const status = createStatus({ log: createLog() });
const headway = new Headway({ baseUrl: "/headway", observe: status.observe, fetch: status.fetch });
const outbox = createOutbox(headway);
const create: CreateRun<{ trip: { input: { days: number }; result: string[] } }> = createRun;
create(headway, "trip", { days: 3 }, { onComplete: (places) => document.body.append(places.join()) });

function Trip({ id }: { id: string }) {
  const { run } = useRun(id);
  const connection = useConnectionStatus(id);
  if (!run) return <ConnectionPill status={connection} />;
  const { attempt, progress, run_id } = run;
  return (
    <section>
      <ProgressBar label="Trip" percent={progress.percent} text={progress.message ?? ""} />
      <button type="button" onClick={() => outbox.cancel(run_id, { attempt })}>
        Stop
      </button>
    </section>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <HeadwayProvider client={headway}>
      <Trip id="run_1" />
    </HeadwayProvider>,
  );
}
