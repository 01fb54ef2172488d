import { type ReactNode, useEffect, useRef } from "react";
import { isHeadingWanted } from "./wantedHeading.ts";

interface PageHeadingProps {
  id?: string;
  children: ReactNode;
}

/** What a page is. It has the focus after one has gone there, also where it comes later than the page around it. */
export function PageHeading({ id, children }: PageHeadingProps) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isHeadingWanted()) ref.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={ref} id={id} tabIndex={-1}>
      {children}
    </h1>
  );
}
