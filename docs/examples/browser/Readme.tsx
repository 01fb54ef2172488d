import { Headway } from "@headway-run/client";
import { share } from "@headway-run/client/share";
import { useConnectionStatus, useRun } from "@headway-run/react";
import { ConnectionPill, ProgressBar } from "@headway-run/react/components";
import { progressText, wholePercent } from "@headway-run/react/words";
import type { ReactNode } from "react";

const headway = new Headway({ baseUrl: "/headway", stream: share({ name: "ada" }) }); // twenty tabs, one connection

export function Report({ id }: { id: string }): ReactNode {
  const { run, error, handle } = useRun(id, { client: headway });
  const status = useConnectionStatus(handle);
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <>
      <ConnectionPill status={status} />
      {run && <ProgressBar label="Report" percent={wholePercent(run)} text={progressText(run)} />}
      <button type="button" onClick={() => handle?.cancel()}>
        Cancel
      </button>
    </>
  );
}
