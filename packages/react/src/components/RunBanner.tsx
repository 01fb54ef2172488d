import type { HeadwayError, Snapshot } from "@headway-run/client";
import type { ReactNode } from "react";
import type { Action } from "../hooks/useCommand.ts";
import type { ConnectionStatus } from "../hooks/useConnectionStatus.ts";
import { retryText } from "../words/connection.ts";
import { failedItems, hasEnded, reasonIn } from "../words/status.ts";
import { count, sentence, timeOfDay } from "../words/time.ts";
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
  /** Has what failed tried again: with it, the banner says what failed once the run has ended, and offers that. */
  onRetry?: Action | undefined;
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
  return (
    <>
      {error ? <FinalError {...props} error={error} /> : status.outdated && <Outdated {...props} />}
      {run && onRetry && hasEnded(run.status) && <Failure run={run} onRetry={onRetry} />}
    </>
  );
}

function Failure({ run, onRetry }: { run: Snapshot; onRetry: Action }): ReactNode {
  const [failed] = failedItems(run);
  if (failed > 0) return <PartialFailure run={run} onRetry={onRetry} />;
  return run.status === "failed" && <WholeFailure run={run} onRetry={onRetry} />;
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
  const { downAt, reconnect, retryInS, state, trouble } = status;
  const asOf = run && `Showing ${noun} as of ${timeOfDay(downAt ?? Date.now())}.`;
  const why = !run && trouble && sentence(trouble.message);
  return (
    <div className="hw-banner" data-kind="outdated">
      <p>
        {state === "offline" && "You are offline. "}
        {asOf ?? "It takes longer than usual to connect."} {why && `${why} `}
        {run && !hasEnded(run.status) && "The job keeps running. "}
        {state === "backoff" && <span className="hw-muted">{retryText(retryInS)}</span>}
      </p>
      <button type="button" className="hw-button" onClick={reconnect}>
        Retry now
      </button>
    </div>
  );
}

function PartialFailure({ run, onRetry }: { run: Snapshot; onRetry: Action }): ReactNode {
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

function WholeFailure({ run: { error }, onRetry }: { run: Snapshot; onRetry: Action }): ReactNode {
  const why = error ? reasonIn(error.message) : "it is not known why";
  return (
    <div className="hw-banner" data-kind="error">
      <Problem
        hint={error?.hint}
        action={<CommandButton send={onRetry}>Retry</CommandButton>}
      >{`It failed: ${why}`}</Problem>
    </div>
  );
}
