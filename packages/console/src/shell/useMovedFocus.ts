import { useRouterState } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef } from "react";
import { wantHeading } from "./wantedHeading.ts";

/**
 * After one has gone to another page, the focus is at its beginning: whoever uses a keyboard goes on from there, whoever
 * listens hears what the page is. A change of filters or tabs is no other page.
 */
export function useMovedFocus(main: RefObject<HTMLElement | null>): void {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const shown = useRef<string>(undefined);
  useEffect(() => {
    if (path === undefined || shown.current === path) return;
    const first = shown.current === undefined;
    shown.current = path;
    if (first) return; // the browser begins at the top by itself
    wantHeading();
    const heading = main.current?.querySelector<HTMLElement>("h1[tabindex]");
    (heading ?? main.current)?.focus({ preventScroll: true });
  }, [path, main]);
}
