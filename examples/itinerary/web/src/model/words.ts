/** What a trip's phases and statuses are called, and lengths and amounts in words a traveller reads. */

import type { RunStatus, Snapshot } from "@headway-run/client";
import { runSign, type Sign } from "@headway-run/react/words";

export const PHASES: Readonly<Record<string, string>> = {
  gather: "Look around",
  plan: "Plan the days",
  enhance: "Look up places",
  write: "Write it up",
};

export const STATUSES: Readonly<Partial<Record<RunStatus, string>>> = {
  running: "Planning",
  succeeded: "Planned",
  partial: "Partly planned",
};

/** How a trip stands. */
export function tripSign({ status, cancel_requested_at }: Snapshot): Sign {
  return runSign(status, cancel_requested_at !== null, STATUSES);
}

/** `850 m`, `4.3 km`. */
export function distance(metres: number): string {
  return metres < 1_000 ? `${metres} m` : `${(metres / 1_000).toFixed(1)} km`;
}

/** `€22`, `JPY 1,500`: whole amounts, as a typical price needs no cents. */
export function money(amount: number, currency: string): string {
  return amount.toLocaleString("en", { style: "currency", currency, maximumFractionDigits: 0 });
}
