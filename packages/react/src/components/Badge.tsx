import type { ReactNode } from "react";
import type { Sign } from "../words/status.ts";
import { Icon } from "./Icon.tsx";

export interface BadgeProps extends Sign {
  /** For those who do not see it: what the word is about. */
  about?: string | undefined;
}

/** A status: icon, word and colour, so that none of them has to be enough. */
export function Badge({ word, icon, tone, about }: BadgeProps): ReactNode {
  return (
    <span className="hw-badge" data-tone={tone}>
      <Icon name={icon} />
      {about && <span className="hw-hidden">{about}: </span>}
      {word}
    </span>
  );
}
