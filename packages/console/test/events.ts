import type { EventOf, EventType, RunEvent } from "@headway-run/client";

/** Time of the first event of every made-up log. */
export const BEGAN: number = Date.parse("2026-11-27T12:00:00.000Z");

/** Write a log: each line is seconds after its beginning, a type, and what of its data matters. */
export function logOf(...lines: [seconds: number, type: EventType, data?: object][]): RunEvent[] {
  return lines.map(([seconds, type, data], place) => eventOf(place + 1, type, data, seconds));
}

export function eventOf<Type extends EventType>(
  seq: number,
  type: Type,
  data: object = {},
  seconds = seq,
): EventOf<Type> {
  const time = new Date(BEGAN + seconds * 1_000).toISOString();
  const about = { run_id: "run_1", execution_id: "exe_1", step: null, agent: null, at: null, correlation_id: null };
  return { ...about, seq, type, time, data } as unknown as EventOf<Type>;
}
