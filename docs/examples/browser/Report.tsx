import { Headway } from "@headway-run/client";
import { HeadwayProvider, useConnectionStatus, useRun } from "@headway-run/react";
import type { ReactNode } from "react";

const headway = new Headway({ baseUrl: "/headway", getToken: async () => sessionStorage.getItem("token") });

/** One client for all components: they share the connection of each run. */
export function App({ id }: { id: string }): ReactNode {
  return (
    <HeadwayProvider client={headway}>
      <Report id={id} />
      <Connection id={id} />
    </HeadwayProvider>
  );
}

function Report({ id }: { id: string }): ReactNode {
  const { run, error, handle } = useRun(id);
  if (error) return <p role="alert">{error.message}</p>;
  const failed = Object.values(run?.items ?? {}).filter(({ status }) => status === "failed");
  return (
    <section aria-busy={run?.status === "running"}>
      <progress max={100} value={run?.progress.percent ?? undefined} aria-label="Report" />
      <p>{run?.outputs.summary?.text}</p>
      {failed.length > 0 && (
        <button type="button" onClick={() => handle?.retry()}>
          Try {failed.length} again
        </button>
      )}
      <button type="button" onClick={() => handle?.cancel()}>
        Stop
      </button>
    </section>
  );
}

/** Is not drawn again when only the run moves. */
function Connection({ id }: { id: string }): ReactNode {
  return <small>{useConnectionStatus(id).text}</small>;
}
