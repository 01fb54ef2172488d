/** Lists that were shown: one who comes back to a list sees it at once, and also while the server is away. */

import type { RunSearch, RunSummary } from "@headway-run/client";

/** The lists that were seen last are kept. */
const LISTS = 10;

export interface Remembered {
  readonly runs: readonly RunSummary[];
  readonly next: string | null;
  readonly incomplete: boolean;
  /** When it was true, in milliseconds since the epoch by this machine's clock. */
  readonly at: number;
}

const lists = new Map<string, Remembered>();

export function remember(query: RunSearch, list: Remembered): void {
  const key = JSON.stringify(query);
  lists.delete(key);
  lists.set(key, list);
  for (const oldest of [...lists.keys()].slice(0, -LISTS)) lists.delete(oldest);
}

export function remembered(query: RunSearch): Remembered | null {
  return lists.get(JSON.stringify(query)) ?? null;
}
