import type { Sign } from "../model/status.ts";
import { Icon } from "./Icon.tsx";

interface BadgeProps {
  sign: Sign;
  /** For those who do not see it: what the word is about. */
  about?: string;
}

/** A status: icon, word and colour, so that none of them has to be enough. */
export function Badge({ sign: { word, icon, tone }, about }: BadgeProps) {
  return (
    <span className="badge" data-tone={tone}>
      <Icon name={icon} />
      {about && <span className="sr-only">{about}: </span>}
      {word}
    </span>
  );
}
