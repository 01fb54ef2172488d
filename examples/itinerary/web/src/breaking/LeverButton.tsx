import type { ReactNode } from "react";

interface LeverButtonProps {
  children: ReactNode;
  /** There is nothing just now that it could be done to, or it is being done. */
  idle: boolean;
  onPress: () => void;
}

/** A button that keeps the focus while it does nothing: what it is for comes and goes by itself. */
export function LeverButton({ children, idle, onPress }: LeverButtonProps) {
  return (
    <button type="button" className="hw-button" aria-disabled={idle || undefined} onClick={() => idle || onPress()}>
      {children}
    </button>
  );
}
