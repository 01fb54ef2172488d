/** The Headway server of this page. */

import { Headway, type RunHandle, type RunState } from "@headway-run/client";
import { useSyncExternalStore } from "react";
import { here } from "./api.ts";

export const headway = new Headway({ baseUrl: here("headway") });

export function useRun(id: string): RunState & { handle: RunHandle } {
  const handle = headway.run(id);
  return { ...useSyncExternalStore(handle.subscribe, handle.getSnapshot), handle };
}
