/** How days stand, and what can be tried again. */

import type { Item, RunStatus, Snapshot } from "@headway-run/client";
import { count, hasEnded, type ItemState, type Sign } from "@headway-run/react/words";

export type DayState = "waiting" | "planning" | "planned" | "enhancing" | "enhanced" | "failed" | "stopped";

const DAY: Record<DayState, Sign & { card: ItemState }> = {
  waiting: { word: "Waiting", icon: "circle", tone: "idle", card: "planned" },
  planning: { word: "Planning", icon: "busy", tone: "busy", card: "running" },
  planned: { word: "Planned", icon: "check", tone: "good", card: "finished" },
  enhancing: { word: "Adding details", icon: "busy", tone: "good", card: "finished" },
  enhanced: { word: "Ready", icon: "check", tone: "good", card: "finished" },
  failed: { word: "Failed", icon: "cross", tone: "bad", card: "failed" },
  stopped: { word: "Not planned", icon: "stop", tone: "idle", card: "stopped" },
};

/** A day that was begun or waited when the run ended is not being planned any more. */
export function dayState(item: Item, places: readonly { item: Item }[], status: RunStatus | null): DayState {
  if (item.status === "finished") return detailState(places, status);
  if (item.status === "failed") return "failed";
  if (hasEnded(status)) return "stopped";
  return item.status === "running" ? "planning" : "waiting";
}

/** A planned day is ready once all its places were looked up. */
function detailState(places: readonly { item: Item }[], status: RunStatus | null): DayState {
  const at = (wanted: Item["status"]) => places.filter(({ item }) => item.status === wanted).length;
  if (places.length > 0 && at("finished") === places.length) return "enhanced";
  return !hasEnded(status) && at("running") > 0 ? "enhancing" : "planned";
}

export function daySign(state: DayState): Sign {
  const { word, icon, tone } = DAY[state];
  return { word, icon, tone };
}

/** How the card of a day stands. */
export function cardState(state: DayState): ItemState {
  return DAY[state].card;
}

export function daysOf(run: Snapshot): [key: string, item: Item][] {
  return Object.entries(run.items)
    .filter(([, item]) => item.kind === "day")
    .sort(([, one], [, other]) => one.seq - other.seq);
}

/** How many days are planned, of how many. */
export function plannedDays(run: Snapshot): [planned: number, all: number] {
  const days = daysOf(run);
  return [days.filter(([, item]) => item.status === "finished").length, days.length];
}

function failedOf({ items }: Snapshot): Item[] {
  return Object.values(items).filter(({ status }) => status === "failed");
}

/** What the button says that has an ended trip tried again; null when there is nothing to try. */
export function retryLabel(run: Snapshot): string | null {
  if (run.status === "cancelled") return "Go on planning";
  if (run.status === "failed") return "Try again";
  if (run.status !== "partial") return null;
  const failed = failedOf(run);
  const days = failed.filter(({ kind }) => kind === "day").length;
  const [amount, noun] = days > 0 ? [days, "day"] : [failed.length, "place"];
  return `Try ${amount === 1 ? `the failed ${noun}` : count(amount, `failed ${noun}`)} again`;
}
