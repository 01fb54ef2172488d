/** What a day's item carries: the tour found so far, and how it lies on a map. */

import type { Item } from "@headway-run/client";
import type { Money } from "./places.ts";

export interface Place {
  id: string;
  name: string;
  category: string;
  lat: number;
  lon: number;
}

export interface Visit {
  place: Place;
  /** `HH:MM`, local time of the city, like all times here. */
  arrive: string;
  leave: string;
  walk_minutes: number;
  wait_minutes: number;
}

export interface Tour {
  number: number;
  found_after_s: number;
  visits: Visit[];
  lunch: { starts: string; ends: string } | null;
  walk_metres: number;
}

export interface Day {
  tour: Tour;
  /** From here on once the day is planned. */
  tours?: number;
  search_s?: number;
  proven?: boolean;
  /** From here on once its places were looked up. Local time of the city. */
  sun?: { sunrise: string; sunset: string } | null;
  /** What entering its places typically costs one adult. */
  cost?: (Money & { notice: string }) | null;
}

/** Return what is known of a day, or null before its first tour. */
export function dayOf(item: Item): Day | null {
  const data = item.data as Day | null;
  return Array.isArray(data?.tour?.visits) ? data : null;
}

/** Split an item's title, `Paris, Sat 5 Dec`. */
export function placeAndDate(title: string): [place: string, date: string] {
  const at = title.lastIndexOf(", ");
  return at < 0 ? [title, ""] : [title.slice(0, at), title.slice(at + 2)];
}

/** What happens in a day, in order: visits, with lunch where it is taken. */
export type Stop = { kind: "visit"; visit: Visit; number: number } | { kind: "lunch"; starts: string; ends: string };

export function stopsOf({ visits, lunch }: Tour): Stop[] {
  const stops: Stop[] = visits.map((visit, index) => ({ kind: "visit", visit, number: index + 1 }));
  if (!lunch) return stops;
  const before = visits.filter((visit) => visit.leave <= lunch.starts).length;
  return stops.toSpliced(before, 0, { kind: "lunch", ...lunch });
}

export interface Point {
  x: number;
  y: number;
}

/** Lay places out in a box, north up and true to scale, far enough apart to tell them from each other. */
export function layOut(places: readonly Place[], width: number, height: number, gap: number): Point[] {
  const shrink = Math.cos((mean(places.map((place) => place.lat)) * Math.PI) / 180);
  const points = places.map(({ lat, lon }) => ({ x: lon * shrink, y: -lat }));
  const [left, right] = range(points.map((point) => point.x));
  const [top, bottom] = range(points.map((point) => point.y));
  const scale = Math.min((width - 2 * gap) / (right - left || 1), (height - 2 * gap) / (bottom - top || 1));
  const centred = points.map(({ x, y }) => ({
    x: width / 2 + (x - (left + right) / 2) * scale,
    y: height / 2 + (y - (top + bottom) / 2) * scale,
  }));
  return pushApart(centred, width, height, gap);
}

const ROUNDS = 30;

function pushApart(points: Point[], width: number, height: number, gap: number): Point[] {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, one] of points.entries()) {
      for (const other of points.slice(index + 1)) part(one, other, gap);
    }
  }
  const inside = (value: number, size: number) => Math.min(Math.max(value, gap / 2), size - gap / 2);
  return points.map(({ x, y }) => ({ x: inside(x, width), y: inside(y, height) }));
}

function part(one: Point, other: Point, gap: number): void {
  const [dx, dy] = [other.x - one.x || 0.01, other.y - one.y || 0.01];
  const apart = Math.hypot(dx, dy);
  if (apart >= gap) return;
  const push = (gap - apart) / 2 / apart;
  one.x -= dx * push;
  one.y -= dy * push;
  other.x += dx * push;
  other.y += dy * push;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
}

function range(values: number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}
