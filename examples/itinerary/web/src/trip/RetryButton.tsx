import type { RunStatus } from "@headway-run/client";
import { useCommand } from "../hooks/useCommand.ts";
import { hasEnded } from "../model/status.ts";
import { Problem } from "../parts/Problem.tsx";

export type Retry = (items: readonly string[]) => Promise<unknown>;

interface RetryButtonProps {
  children: string;
  /** For those who do not see where the button stands. */
  about: string;
  /** Keys of what is tried again. */
  items: readonly string[];
  /** A run is tried again when it has ended. */
  status: RunStatus | null;
  onRetry: Retry;
}

/** Has what failed tried again, and nothing else; all pages that show the trip see it. */
export function RetryButton({ children, about, items, status, onRetry }: RetryButtonProps) {
  const { pending, trouble, send } = useCommand();
  if (!hasEnded(status)) return <p className="muted">It can be tried again once the rest is done.</p>;
  return (
    <>
      <button
        type="button"
        className="button start"
        aria-label={`${children}: ${about}`}
        disabled={pending}
        onClick={() => send(() => onRetry(items))}
      >
        {children}
      </button>
      {trouble && <Problem urgent>{trouble}</Problem>}
    </>
  );
}
