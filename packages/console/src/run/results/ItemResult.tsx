import type { Item } from "@headway-run/client";
import { Badge, ItemCard } from "@headway-run/react/components";
import { hasEnded, itemSign, itemState, setbackOf } from "@headway-run/react/words";
import { memo } from "react";
import { JsonView } from "../../parts/JsonView.tsx";
import type { ResultsTabProps } from "./ResultsTab.tsx";

export type Named = readonly [key: string, item: Item];

interface ItemResultProps extends ResultsTabProps {
  name: string;
  item: Item;
  /** Items below it. */
  parts: readonly Named[];
}

/** One part of a run: how it stands, what came of it, and what is below it. */
export const ItemResult = memo(function ItemResult({ name, item, parts, run, handle, stale }: ItemResultProps) {
  const setback = setbackOf(run, name);
  return (
    <ItemCard
      title={item.title || name}
      state={itemState(item, run.status, setback)}
      progress={item.progress}
      setback={setback}
      error={item.error}
      onRetry={hasEnded(run.status) ? () => handle.retry({ items: [name] }) : null}
      stale={stale && item.status === "running"}
      lines={1}
    >
      {item.data === null && parts.length === 0 ? undefined : (
        <>
          {item.data !== null && <JsonView value={item.data} open={1} />}
          {parts.length > 0 && (
            <ul className="parts">
              {parts.map(([key, part]) => (
                <li key={key}>
                  <span>{part.title || key}</span>
                  <Badge {...itemSign(itemState(part, run.status))} />
                  {part.data !== null && <JsonView value={part.data} open={0} />}
                  {part.error && <small className="muted">{part.error.message}</small>}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </ItemCard>
  );
}, isSame);

/** A run with many items has news many times a second, hardly any of which is about this one. */
function isSame(before: ItemResultProps, after: ItemResultProps): boolean {
  return (
    before.item === after.item &&
    before.stale === after.stale &&
    before.run.status === after.run.status &&
    before.run.errors === after.run.errors &&
    before.parts.length === after.parts.length &&
    before.parts.every(([, part], place) => part === after.parts[place]?.[1])
  );
}
