/** What both pages show of a run, so that they differ in how they come by it and in nothing else. */

import { useEffect } from "react";

export interface Item {
  title: string | null;
  status: string;
}

export interface Shown {
  seq: number;
  status: string | null;
  done: number;
  total: number;
  items: Readonly<Record<string, Item>>;
  text: string;
  notes: readonly string[];
}

/** What the benchmark reads. */
export interface Seen {
  seq: number;
  items: number;
  text: number;
  /** When it was there, in milliseconds since the page began. */
  at: number;
  commits: number;
}

declare global {
  interface Window {
    seen: Seen | undefined;
  }
}

const ITEMS = 30;
const TEXT = 2_000;
const NOTES = 5;

export function View({ seq, status, done, total, items, text, notes }: Shown) {
  const entries = Object.entries(items);
  useEffect(() => {
    const commits = (window.seen?.commits ?? 0) + 1;
    window.seen = { seq, items: entries.length, text: text.length, at: performance.now(), commits };
  });
  return (
    <main>
      <h1>
        {status}, event {seq}
      </h1>
      <progress max={total || 1} value={done} />
      <p>{entries.length} items</p>
      <ol>
        {entries.slice(-ITEMS).map(([key, item]) => (
          <li key={key}>
            {item.title}: {item.status}
          </li>
        ))}
      </ol>
      <pre>{text.slice(-TEXT)}</pre>
      {notes.slice(-NOTES).map((note) => (
        <p key={note}>{note}</p>
      ))}
    </main>
  );
}

/** The run of the page's address. */
export function wanted(): string {
  return new URLSearchParams(location.search).get("run") ?? "";
}
