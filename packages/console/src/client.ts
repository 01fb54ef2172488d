/** The server this page came from, as whoever sees the page. */

import { Headway } from "@headway-run/client";
import type { Status } from "@headway-run/client/status";
import { hearDate } from "./clock.ts";
import { headwayPath } from "./place.ts";

/** So much is kept for a status that has not been loaded yet: it comes with the page of a run. */
const NOTES_MAX = 500;

type Note = Parameters<Status["observe"]>[0];

let status: Status | null = null;
let notes: Note[] = [];

export const headway: Headway = new Headway({
  baseUrl: headwayPath(),
  observe(note) {
    if (status) status.observe(note);
    else notes = [...notes.slice(1 - NOTES_MAX), note];
  },
  async fetch(url, init) {
    const response = await (status ? status.fetch(url, init) : fetch(url, init));
    hearDate(response.headers.get("Date"));
    return response;
  },
});

/** Let a status see what the connections of this page do, and did until now. */
export function observeBy(made: Status): void {
  status = made;
  for (const note of notes) made.observe(note);
  notes = [];
}
