import type { ReactNode } from "react";
import { ItemCard, type ItemCardProps } from "../src/components/index.ts";
import { DOWN } from "../test/support/trip.ts";
import { Piece, Shelf } from "./Shelf.tsx";

const ERROR = { ...DOWN, hint: "the dial “The provider is down” switches it on again" };
const PLAN = <p>Louvre, Tuileries, lunch, Orsay.</p>;
const retry = () => Promise.reject(new Error("the run goes on"));

const CARDS: Record<string, Partial<ItemCardProps> & Pick<ItemCardProps, "state">> = {
  planned: { state: "planned" },
  "running, nothing known": { state: "running" },
  "running, with its progress": {
    state: "running",
    progress: { done: 3, total: 8, message: "Measuring the walks" },
    children: PLAN,
  },
  "running, without an end in sight": { state: "running", progress: { done: 12, total: null, message: null } },
  retrying: {
    state: "retrying",
    progress: { done: 3, total: 8, message: "Measuring the walks" },
    setback: { message: "planner/day:1/walks: the place provider answered 503" },
  },
  finished: { state: "finished", children: PLAN },
  failed: { state: "failed", error: ERROR, onRetry: retry },
  "failed, while the rest is at work": { state: "failed", error: ERROR, onRetry: null, children: PLAN },
  stopped: { state: "stopped" },
  "stale: from before the connection broke": {
    state: "running",
    stale: true,
    progress: { done: 3, total: 8, message: null },
    children: PLAN,
  },
};

export function Cards(): ReactNode {
  return (
    <Shelf title="ItemCard">
      {Object.entries(CARDS).map(([about, card]) => (
        <Piece key={about} about={about}>
          <ul>
            <ItemCard title="Paris, Sat 5 Dec" {...card} />
          </ul>
        </Piece>
      ))}
    </Shelf>
  );
}
