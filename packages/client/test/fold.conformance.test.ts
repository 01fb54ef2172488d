// @vitest-environment node
import { describe, expect, test, vi } from "vitest";
import type { Snapshot } from "../src/contract.gen.ts";
import { EMPTY, Fold } from "../src/folding.ts";
import { type FoldCase, foldCases, type Offer } from "./support/conformance.ts";
import { expectSame } from "./support/equal.ts";

// Cases at the caps hold megabytes of text, and are folded from every place.
vi.setConfig({ testTimeout: 60_000 });

const FILES = ["entries", "life", "limits", "order", "progress", "withdrawal"];

function offer(fold: Fold, { event, cursor }: Offer, partial: boolean): string {
  return fold.apply(event, cursor, { partial });
}

describe.each(FILES)("fold/%s.json", (file) => {
  test.each(foldCases(file))("$name", (one) => {
    const { partial = false, snapshots = {} } = one;
    const fold = begin(one);
    for (const entry of one.events.flat()) {
      expect(offer(fold, entry, partial), `answer to seq ${entry.event.seq}`).toBe(entry.applied ?? "applied");
      const wanted = snapshots[fold.seq];
      if (wanted) expectSame(fold.snapshot(), wanted, `after seq ${fold.seq}`);
    }
    expectEnd(fold, one, "after the last event");
  });

  test.each(foldCases(file))("$name: joined late at any event", (one) => {
    const { partial = false, events } = one;
    const early = begin(one);
    for (let k = 0; k <= events.length; k++) {
      const late = new Fold(JSON.parse(JSON.stringify(early.snapshot())));
      for (const entry of events.slice(k).flat()) offer(late, entry, partial);
      expectEnd(late, one, `joined after entry ${k}`);
      for (const entry of events[k] ?? []) offer(early, entry, partial);
    }
  });

  const once = foldCases(file).filter((one) => !one.partial && one.events.flat().every((e) => e.applied !== "gap"));
  test.each(once)("$name: offered again, nothing changes", (one) => {
    const fold = begin(one);
    for (const entry of one.events.flat()) offer(fold, entry, false);
    const before = fold.snapshot();
    for (const entry of one.events.flat()) expect(["duplicate", "gap"]).toContain(offer(fold, entry, false));
    expect(fold.snapshot()).toBe(before);
  });
});

function begin({ from }: FoldCase): Fold {
  return from ? new Fold(from) : new Fold(EMPTY);
}

function expectEnd(fold: Fold, { expect: wanted, sizes = {} }: FoldCase, where: string): void {
  const snapshot = fold.snapshot();
  if (wanted) expectSame(snapshot, wanted, where);
  for (const [part, size] of Object.entries(sizes)) {
    expect(sizeOf(snapshot[part as keyof Snapshot]), `${part} ${where}`).toBe(size);
  }
}

function sizeOf(part: unknown): number {
  return Object.keys(part as object).length;
}
