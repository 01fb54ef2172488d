/** The places of planned days: items of their own, each with what was looked up about it. */

import type { Item, RunStatus, Snapshot } from "@headway-run/client";
import { hasEnded } from "@headway-run/react/words";

export interface Money {
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/** What a finished place carries. */
export interface PlaceDetails {
  place_id: string;
  about: string;
  /** Of the day it is planned for, `HH:MM`. */
  hours: { opens: string; closes: string }[];
  /** Typical, for one adult. */
  cost: Money | null;
  /** From the stop before. */
  walk: { minutes: number; metres: number; heading: string } | null;
}

export interface PlaceItem {
  key: string;
  item: Item;
}

/** Places of a day, in the order of the tour. */
export type Places = readonly PlaceItem[];

const NONE: Places = [];

/** The places of every day, by the key of the day. */
export function placesByDay({ items }: Snapshot): Map<string, Places> {
  const days = new Map<string, PlaceItem[]>();
  for (const [key, item] of Object.entries(items)) {
    if (item.kind !== "place" || item.parent === null) continue;
    const places = days.get(item.parent) ?? [];
    places.push({ key, item });
    days.set(item.parent, places);
  }
  for (const places of days.values()) places.sort((one, other) => one.item.seq - other.item.seq);
  return days;
}

export function placesOf(days: ReadonlyMap<string, Places>, day: string): Places {
  return days.get(day) ?? NONE;
}

/** The fold keeps an item that did not change as the same object, so that a card need not be drawn again. */
export function samePlaces(one: Places, other: Places): boolean {
  return one.length === other.length && one.every(({ item }, index) => item === other[index]?.item);
}

/** The item of a place of a day's tour: its key ends with the place's id. */
export function placeItem(places: Places, id: string): PlaceItem | undefined {
  return places.find(({ key }) => key.endsWith(`/${id}`));
}

export type PlaceState = "waiting" | "enhancing" | "enhanced" | "failed" | "stopped";

export function placeState({ status }: Item, run: RunStatus | null): PlaceState {
  if (status === "finished") return "enhanced";
  if (status === "failed") return "failed";
  if (hasEnded(run)) return "stopped";
  return status === "running" ? "enhancing" : "waiting";
}

export function detailsOf({ data }: Item): PlaceDetails | null {
  return (data as PlaceDetails | null)?.place_id ? (data as PlaceDetails) : null;
}

/** How many of a day's places were looked up. */
export function enhanced(places: Places): number {
  return places.filter(({ item }) => item.status === "finished").length;
}
