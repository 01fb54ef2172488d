import { type ReactNode, useState } from "react";
import { kill, type Victim } from "../api.ts";
import { useCommand } from "../hooks/useCommand.ts";
import { timeOfDay } from "../model/words.ts";
import { Problem } from "../parts/Problem.tsx";
import { Lever } from "./Lever.tsx";
import { LeverButton } from "./LeverButton.tsx";

interface KillProps {
  what: Victim;
  does: ReactNode;
  watch: ReactNode;
  disabled?: boolean;
}

/** `kill -9`, by the server itself. */
export function Kill({ what, does, watch, disabled = false }: KillProps) {
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
        <LeverButton disabled={disabled} pending={pending} onPress={press}>
          Kill the {what}
        </LeverButton>
        <span className="muted" aria-live="polite">
          {at !== null && `Killed at ${timeOfDay(at)}.`}
        </span>
      </div>
      {trouble && <Problem urgent>{trouble}</Problem>}
    </Lever>
  );
}
