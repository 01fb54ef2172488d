import { useEffect, useState } from "react";
import { type Sample, sampleOf, withSample } from "./figures.ts";
import type { System } from "./query.ts";

/** Keep what was told since the page was opened, for rates. */
export function useSamples(system: System | undefined): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (system) setSamples((before) => withSample(before, sampleOf(system)));
  }, [system]);
  return samples;
}
