import type { ItemProgress, RunError } from "@headway-run/client";
import type { HTMLAttributes, ReactNode } from "react";
import type { Action } from "../hooks/useCommand.ts";
import { useKeptFocus } from "../hooks/useKeptFocus.ts";
import { type ItemState, itemSign, reasonIn, type Sign } from "../words/status.ts";
import { sentence } from "../words/time.ts";
import { Badge } from "./Badge.tsx";
import { CommandButton } from "./CommandButton.tsx";
import { Icon } from "./Icon.tsx";
import { Problem } from "./Problem.tsx";
import { ProgressBar } from "./ProgressBar.tsx";

export interface ItemCardProps extends Omit<HTMLAttributes<HTMLLIElement>, "title"> {
  /** What the item is called. */
  title: string;
  /** What is shown as its title. @defaultValue `title` */
  heading?: ReactNode;
  /** Level of the heading. @defaultValue 3 */
  level?: 2 | 3 | 4 | undefined;
  state: ItemState;
  /** How it stands, in words of your own. */
  sign?: Sign | undefined;
  progress?: ItemProgress | null | undefined;
  /** What went wrong with it and is being tried again. */
  setback?: { message: string } | null | undefined;
  error?: RunError | null | undefined;
  /** Has a failed item tried again; null: not while the rest is at work. */
  onRetry?: Action | null | undefined;
  /** @defaultValue "Try again" */
  retryLabel?: string | undefined;
  /** What is shown may be old: the page is not connected. */
  stale?: boolean | undefined;
  /** Lines of a placeholder, as long as there are no children. @defaultValue 3 */
  lines?: number | undefined;
  /** What came of it, as far as it is there. */
  children?: ReactNode;
}

/**
 * One item, from its plan on: a placeholder, then its progress, then what came of it; when it failed, why, and a button.
 * An `li`: it stands in a list, in the order of the items, which does not change.
 */
export function ItemCard({
  title,
  heading = title,
  level = 3,
  state,
  sign = itemSign(state),
  progress,
  setback,
  error,
  onRetry,
  retryLabel,
  stale = false,
  lines = 3,
  children,
  className = "",
  ...rest
}: ItemCardProps): ReactNode {
  const kept = useKeptFocus<HTMLLIElement>();
  const Heading = `h${level}` as const;
  return (
    <li
      {...rest}
      {...kept}
      className={`hw-card ${className}`.trim()}
      data-state={state}
      data-stale={stale || undefined}
    >
      <div className="hw-card-head">
        <Heading>{heading}</Heading>
        <Badge {...sign} />
      </div>
      {stale && <p className="hw-note">As it was when the connection broke.</p>}
      {isAtWork(state) && <Progress title={title} progress={progress} />}
      {isAtWork(state) && setback && <Setback message={setback.message} />}
      {state === "failed" && <Failure title={title} error={error} onRetry={onRetry} retryLabel={retryLabel} />}
      {children ?? <Placeholder title={title} state={state} lines={lines} />}
    </li>
  );
}

function isAtWork(state: ItemState): boolean {
  return state === "running" || state === "retrying";
}

function Failure({
  title,
  error,
  onRetry,
  retryLabel = "Try again",
}: Pick<ItemCardProps, "title" | "error" | "onRetry" | "retryLabel">): ReactNode {
  return (
    <div className="hw-stack">
      <Problem hint={error?.hint}>{reasonIn(error?.message ?? "It is not known why")}</Problem>
      {onRetry && (
        <CommandButton about={title} send={onRetry}>
          {retryLabel}
        </CommandButton>
      )}
      {onRetry === null && <p className="hw-muted">It can be tried again once the rest is done.</p>}
    </div>
  );
}

function Setback({ message }: { message: string }): ReactNode {
  return (
    <p className="hw-note" data-tone="warn">
      <Icon name="alert" />
      <span>Being tried again. {sentence(reasonIn(message))}</span>
    </p>
  );
}

function Progress({ title, progress }: Pick<ItemCardProps, "title" | "progress">): ReactNode {
  const { done = 0, total = null, message = null } = progress ?? {};
  const amount = total === null ? (done > 0 ? `${done} so far` : "") : `${done} of ${total}`;
  const text = [message, amount].filter(Boolean).join(", ") || "Starting";
  return (
    <div className="hw-progress">
      <ProgressBar label={title} percent={total ? Math.floor((100 * done) / total) : null} text={text} />
      <p className="hw-muted">{text}</p>
    </div>
  );
}

const NOTHING: Record<ItemState, string> = {
  planned: "Not begun yet.",
  running: "Nothing to see yet.",
  retrying: "Nothing to see yet.",
  finished: "",
  failed: "",
  stopped: "The run ended before this was done.",
};

/** Holds the room of what is to come. Lines without words are for the eyes; the others are told in one sentence. */
function Placeholder({ title, state, lines }: { title: string; state: ItemState; lines: number }): ReactNode {
  const text = NOTHING[state];
  if (!text) return null;
  if (state === "stopped") return <p className="hw-muted">{text}</p>;
  return (
    <>
      <div className="hw-skeleton" aria-hidden="true">
        {Array.from({ length: lines }, (_, line) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines of nothing
          <i key={line} />
        ))}
      </div>
      <p className="hw-hidden">
        {title}: {text}
      </p>
    </>
  );
}
