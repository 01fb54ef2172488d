/** Headway as it is watched: by a stream, or by asking every ten seconds. */

import { Headway } from "@headway-run/client";
import { here } from "./api.ts";

export type Mode = "stream" | "poll";

/** Seconds between two questions where nothing is streamed. */
export const POLL_S = 10;

export const clients: Readonly<Record<Mode, Headway>> = {
  stream: new Headway({ baseUrl: here("headway") }),
  poll: new Headway({ baseUrl: here("headway"), transport: "poll", pollMs: POLL_S * 1000 }),
};
