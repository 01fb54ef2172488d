/** The provider's latency as one number: its calls take between half and one and a half times as long. */

import type { Dial } from "../api.ts";

type Range = Pick<Dial, "latency_min_s" | "latency_max_s">;

export function latencyOf({ latency_min_s, latency_max_s }: Range): number {
  return (latency_min_s + latency_max_s) / 2;
}

export function latencyRange(seconds: number): Range {
  return { latency_min_s: rounded(seconds / 2), latency_max_s: rounded(seconds * 1.5) };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
