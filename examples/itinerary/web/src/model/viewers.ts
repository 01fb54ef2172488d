import { count } from "@headway-run/react/words";
import type { Viewer } from "../api.ts";

/** What is said of viewers that agree: where they are, and that it is the same they show. */
export function agreement(viewers: readonly Viewer[], seq: number): string {
  const ended = viewers.filter(({ status }) => status === "ended").length;
  const seqs = [...new Set(viewers.map((viewer) => viewer.seq))].sort((one, other) => one - other);
  const [first = 0, last = first] = [seqs.at(0), seqs.at(-1)];
  const at = first === last ? `all at event ${first}` : `at events ${first} to ${last}`;
  const who = ended === viewers.length ? `${count(ended, "viewer")}, done` : count(viewers.length, "viewer");
  return `${who}, ${at} (this page: ${seq}). Whoever is at the same event shows exactly the same.`;
}
