import type { ReactNode } from "react";
import { sentence } from "../words/time.ts";
import { Icon } from "./Icon.tsx";

export interface ProblemProps {
  /** What is wrong. */
  children: string;
  hint?: string | null | undefined;
  /** It needs somebody to act now: read out at once. */
  urgent?: boolean | undefined;
  /** What can be done about it. */
  action?: ReactNode;
}

/** Something is wrong, why, and what can be done about it. */
export function Problem({ children, hint, urgent = false, action }: ProblemProps): ReactNode {
  return (
    <div className="hw-problem" role={urgent ? "alert" : undefined}>
      <Icon name="alert" />
      <p>
        {sentence(children)} {hint && sentence(hint)}
      </p>
      {action}
    </div>
  );
}
