import type { Snapshot } from "@headway-run/client";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { many } from "../model/words.ts";
import { TABS, type Tab } from "./search.ts";

const WORDS: Record<Tab, string> = {
  timeline: "Timeline",
  results: "Results",
  output: "Output",
  log: "Log",
  connection: "Connection",
};

interface TabsProps {
  run: Snapshot;
  current: Tab;
  children: ReactNode;
}

/** The tabs as WAI-ARIA has them: arrows go from one to the next, and which is open stands in the address. */
export function Tabs({ run, current, children }: TabsProps) {
  const navigate = useNavigate();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>(`#tab-${current}`);
    if (list.current && tab) scrollTo(list.current, tab);
  }, [current]);
  const open = (tab: Tab) => void navigate({ to: ".", search: { tab } });
  const onKeyDown = (event: KeyboardEvent) => {
    const place = TABS.indexOf(current) + (MOVES[event.key] ?? 0);
    const tab = event.key === "Home" ? TABS[0] : event.key === "End" ? TABS.at(-1) : TABS.at(place % TABS.length);
    if (!tab || tab === current) return;
    event.preventDefault();
    open(tab);
    list.current?.querySelector<HTMLElement>(`#tab-${tab}`)?.focus();
  };
  return (
    <div className="tabs">
      <div ref={list} role="tablist" aria-label="About this run" className="tab-list" onKeyDown={onKeyDown}>
        {TABS.map((tab) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`tab-${tab}`}
            aria-selected={tab === current}
            aria-controls="tab-panel"
            tabIndex={tab === current ? 0 : -1}
            className="tab"
            onClick={() => open(tab)}
          >
            {WORDS[tab]}
            <Amount run={run} tab={tab} />
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: as the pattern has it, where a panel may begin with text */}
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${current}`} tabIndex={0} className="tab-panel">
        {children}
      </div>
    </div>
  );
}

/** On a narrow screen a tab may be out of sight. Only the tabs are scrolled: the page stays where it is. */
function scrollTo(list: HTMLElement, tab: HTMLElement): void {
  const [seen, wanted] = [list.getBoundingClientRect(), tab.getBoundingClientRect()];
  list.scrollLeft += Math.max(0, wanted.right - seen.right) + Math.min(0, wanted.left - seen.left);
}

const MOVES: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

/** How much there is behind a tab, where that is known. */
function Amount({ run, tab }: { run: Snapshot; tab: Tab }) {
  const items = Object.keys(run.items).length;
  const outputs = Object.keys(run.outputs).length;
  const [amount, word] = tab === "results" ? [items, "item"] : tab === "output" ? [outputs, "text"] : [0, ""];
  if (amount === 0) return null;
  return (
    <span className="amount">
      <span aria-hidden="true">{amount.toLocaleString("en")}</span>
      <span className="hw-hidden">, {many(amount, word)}</span>
    </span>
  );
}
