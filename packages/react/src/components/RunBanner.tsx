import type { HeadwayError, Snapshot } from "@headway-run/client";
import type { ReactNode } from "react";
import type { ConnectionStatus } from "../hooks/useConnectionStatus.ts";
import { retryText } from "../words/connection.ts";
import { failedItems, hasEnded } from "../words/status.ts";
import { count, timeOfDay } from "../words/time.ts";
import { CommandButton } from "./CommandButton.tsx";
import { Problem } from "./Problem.tsx";

export interface RunBannerProps {
  run: Snapshot | null;
  /** Of `useConnectionStatus`. */
  status: ConnectionStatus;
  /** Of `useRun`: why watching ended for good. */
  error?: HeadwayError | null | undefined;
  /** What can be done about a final error besides trying again, as a link to where one signs in. */
  action?: ReactNode;
  /** Has what failed tried again: offered when the run has ended with failed items. */
  onRetry?: (() => Promise<unknown>) | undefined;
  /** What is shown, in the sentence that says as of when. @defaultValue "progress" */
  noun?: string | undefined;
}

/**
 * What a page has to say of its connection and of its end, and nothing as long as all is well: a break of less than ten
 * seconds is the pill's business, and what is shown stays in any case. `RunAnnouncer` reads it out, so it is silent
 * itself, except for what needs somebody.
 */
export function RunBanner(props: RunBannerProps): ReactNode {
  const { run, status, error, onRetry } = props;
  const [failed] = run && hasEnded(run.status) ? failedItems(run) : [0];
  return (
    <>
      {error ? <FinalError {...props} error={error} /> : status.outdated && <Outdated {...props} />}
      {run && onRetry && failed > 0 && <PartialFailure run={run} onRetry={onRetry} />}
    </>
  );
}

function FinalError({ error, status, action }: RunBannerProps & { error: HeadwayError }): ReactNode {
  const buttons = (
    <div className="hw-actions">
      {action}
      <button type="button" className="hw-button" onClick={status.reconnect}>
        Try again
      </button>
    </div>
  );
  return (
    <div className="hw-banner" data-kind="error">
      <Problem urgent hint={error.problem.hint} action={buttons}>
        {error.message}
      </Problem>
    </div>
  );
}

function Outdated({ run, status, noun = "progress" }: RunBannerProps): ReactNode {
  const { downAt, reconnect, retryInS, state } = status;
  const asOf = run && `Showing ${noun} as of ${timeOfDay(downAt ?? Date.now())}.`;
  return (
    <div className="hw-banner" data-kind="outdated">
      <p>
        {state === "offline" && "You are offline. "}
        {asOf ?? "It takes longer than usual to connect."} {run && !hasEnded(run.status) && "The job keeps running. "}
        {state === "backoff" && <span className="hw-muted">{retryText(retryInS)}</span>}
      </p>
      <button type="button" className="hw-button" onClick={reconnect}>
        Retry now
      </button>
    </div>
  );
}

function PartialFailure({ run, onRetry }: { run: Snapshot; onRetry: () => Promise<unknown> }): ReactNode {
  const [failed, all] = failedItems(run);
  return (
    <div className="hw-banner" data-kind="partial">
      <p>
        {failed} of {count(all, "item")} failed. {run.status === "partial" && "What is done stays."}
      </p>
      <CommandButton send={onRetry}>Retry</CommandButton>
    </div>
  );
}
