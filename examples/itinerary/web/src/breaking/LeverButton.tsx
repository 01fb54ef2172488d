import type { ReactNode } from "react";

interface LeverButtonProps {
  children: ReactNode;
  /** There is nothing it could be done to. */
  disabled?: boolean;
  /** It is being done: the button keeps the focus, but does nothing. */
  pending?: boolean;
  onPress: () => void;
}

export function LeverButton({ children, disabled = false, pending = false, onPress }: LeverButtonProps) {
  return (
    <button
      type="button"
      className="button"
      disabled={disabled}
      aria-disabled={pending || undefined}
      onClick={() => pending || onPress()}
    >
      {children}
    </button>
  );
}
