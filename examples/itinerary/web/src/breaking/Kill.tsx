import { useCommand } from "@headway-run/react";
import { Problem } from "@headway-run/react/components";
import { timeOfDay } from "@headway-run/react/words";
import { type ReactNode, useState } from "react";
import { kill, type Victim } from "../api.ts";
import { Lever } from "./Lever.tsx";
import { LeverButton } from "./LeverButton.tsx";

interface KillProps {
  what: Victim;
  does: ReactNode;
  watch: ReactNode;
  /** There is nothing to be seen of it. */
  idle?: boolean;
}

/** `kill -9`, by the server itself. */
export function Kill({ what, does, watch, idle = false }: KillProps) {
  const { pending, trouble, send } = useCommand();
  const [at, setAt] = useState<number | null>(null);
  const press = () =>
    send(async () => {
      await kill(what);
      setAt(Date.now());
    });
  return (
    <Lever title={`The ${what}`} does={does} watch={watch}>
      <div className="actions">
        <LeverButton idle={idle || pending} onPress={press}>
          Kill the {what}
        </LeverButton>
        <span className="hw-muted" aria-live="polite">
          {at !== null && `Killed at ${timeOfDay(at)}.`}
        </span>
      </div>
      {trouble && <Problem urgent>{trouble}</Problem>}
    </Lever>
  );
}
