import type { RunHandle } from "@headway-run/client";
import { type RefObject, useEffect, useRef } from "react";

/** Remember when the last event came, in milliseconds since the epoch; null: none has since the page was opened. */
export function useActivity(handle: RunHandle | null): RefObject<number | null> {
  const at = useRef<number | null>(null);
  useEffect(
    () =>
      handle?.on("*", () => {
        at.current = Date.now();
      }),
    [handle],
  );
  return at;
}
