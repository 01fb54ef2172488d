import type { RunStatus } from "@headway-run/client";
import { CommandButton } from "@headway-run/react/components";
import { hasEnded } from "@headway-run/react/words";

export type Retry = (items: readonly string[]) => Promise<unknown>;

interface TryAgainProps {
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
export function TryAgain({ children, about, items, status, onRetry }: TryAgainProps) {
  if (!hasEnded(status)) return <p className="hw-muted">It can be tried again once the rest is done.</p>;
  return (
    <CommandButton about={about} send={() => onRetry(items)}>
      {children}
    </CommandButton>
  );
}
