import { type ReactNode, useId } from "react";

interface LeverProps {
  title: string;
  /** What pulling it does. */
  does: ReactNode;
  /** What one ought to see then. */
  watch: ReactNode;
  /** The buttons, and what came of pressing them. */
  children: ReactNode;
}

/** One way to break something: what it does, the buttons, and what to look for. */
export function Lever({ title, does, watch, children }: LeverProps) {
  const id = useId();
  return (
    <section className="lever" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <p>{does}</p>
      {children}
      <p className="hw-muted">
        <strong>Look for:</strong> {watch}
      </p>
    </section>
  );
}
