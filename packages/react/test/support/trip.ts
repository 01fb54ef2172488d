/** A trip as an example of a run, made by the fold itself, from events as a server sends them. */

import type { EventOf, EventType, Payloads, RunEvent, Snapshot } from "@headway-run/client";
import { EMPTY, Fold } from "@headway-run/client/fold";

export const BEGIN = Date.parse("2026-11-21T10:00:00.000Z");

type Told = {
  [Type in EventType]: [Type, Partial<Payloads[Type]>] | [Type, Partial<Payloads[Type]>, number];
}[EventType];

const HEADER = {
  created_at: new Date(BEGIN).toISOString(),
  group: null,
  job: "itinerary",
  metadata: {},
  owner: "",
  title: "Paris · Rome",
};

/** A trip of two days, as it stands in the answer to its creation. */
export const CREATED: Told[] = [
  ["run.queued", { attempt: 1, reason: "created", run: HEADER }],
  [
    "run.planned",
    {
      phases: [
        { id: "gather", title: "Gather", weight: 10 },
        { id: "plan", title: "Plan", weight: 60 },
        { id: "enhance", title: "Enhance", weight: 15 },
        { id: "write", title: "Write", weight: 15 },
      ],
    },
  ],
  ["item.planned", { key: "day:1", kind: "day", title: "Paris, Sat 5 Dec", phase: "plan" }],
  ["item.planned", { key: "day:2", kind: "day", title: "Rome, Sun 6 Dec", phase: "plan" }],
];

export const STARTED: Told[] = [...CREATED, ["run.started", { attempt: 1, worker: "w", expected_s: 60 }]];

/** Both cities are looked at, the days are being planned. */
export const PLANNING: Told[] = [
  ...STARTED,
  ["phase.started", { id: "gather", total: 2, unit: "cities" }],
  ["phase.progressed", { id: "gather", done: 2, total: 2 }],
  ["phase.finished", { id: "gather" }],
  ["phase.started", { id: "plan" }],
  ["item.started", { key: "day:1" }],
];

/** The first day is planned; the first of its two places is being looked up. */
export const ENHANCING: Told[] = [
  ...PLANNING,
  ["item.finished", { key: "day:1" }],
  ["item.planned", { key: "day:1/paris.louvre", kind: "place", title: "Louvre", parent: "day:1", phase: "enhance" }],
  ["item.planned", { key: "day:1/paris.orsay", kind: "place", title: "Orsay", parent: "day:1", phase: "enhance" }],
  ["item.started", { key: "day:2" }],
  ["item.started", { key: "day:1/paris.louvre" }],
];

export const DOWN = {
  code: "provider_down",
  category: "provider",
  message: "the provider is down",
  retryable: true,
  hint: null,
};

/** @param told Type, data, and milliseconds after the beginning (those of the one before, if it says nothing). */
export function trip(...told: Told[]): Snapshot {
  const fold = new Fold(EMPTY);
  let at = 0;
  for (const [index, [type, data, ms]] of told.entries()) {
    at = ms ?? at;
    const envelope = {
      run_id: "run_1",
      seq: index + 1,
      type,
      time: new Date(BEGIN + at).toISOString(),
      at: null,
      execution_id: "exe_1",
      correlation_id: null,
      agent: null,
      step: null,
      data,
    };
    fold.apply(envelope as EventOf<typeof type> as RunEvent, `${index + 1}.x`);
  }
  return fold.snapshot();
}
