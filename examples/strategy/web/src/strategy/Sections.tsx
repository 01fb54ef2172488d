import type { RunHandle, Snapshot } from "@headway-run/client";
import { ItemCard } from "@headway-run/react/components";
import { hasEnded, itemState, setbackOf } from "@headway-run/react/words";
import { itemsOfKind } from "../model/found.ts";
import { Markdown } from "../parts/Markdown.tsx";

export interface SectionsProps {
  run: Snapshot;
  outdated: boolean;
  handle: RunHandle;
}

/** The sections as they are written, each in its place from the beginning; and what could not be read. */
export function Sections({ run, outdated, handle }: SectionsProps) {
  const over = hasEnded(run.status);
  const unread = itemsOfKind(run, "source").filter(({ status }) => status === "failed");
  const cards = [...unread, ...itemsOfKind(run, "section")];
  return (
    <section aria-label="The written strategy" aria-busy={!over}>
      <ul className="sections">
        {cards.map((item) => {
          const text = run.outputs[item.key]?.text;
          return (
            <ItemCard
              key={item.key}
              title={item.title}
              level={2}
              state={itemState(item, run.status, setbackOf(run, item.key))}
              error={item.error}
              stale={outdated && !over}
              onRetry={over && run.status !== "succeeded" ? () => handle.retry({ items: [item.key] }) : null}
              lines={2}
            >
              {text && item.status !== "failed" ? <Markdown text={text} /> : undefined}
            </ItemCard>
          );
        })}
      </ul>
    </section>
  );
}
