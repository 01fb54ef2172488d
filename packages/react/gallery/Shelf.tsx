import { type ReactNode, useId } from "react";

/** The states of one component. */
export function Shelf({ title, wide, children }: { title: string; wide?: boolean; children: ReactNode }): ReactNode {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <div className="shelf" data-wide={wide || undefined}>
        {children}
      </div>
    </section>
  );
}

/** One state, and what it is. */
export function Piece({ about, children }: { about: string; children: ReactNode }): ReactNode {
  return (
    <figure className="piece">
      <figcaption>{about}</figcaption>
      {children}
    </figure>
  );
}
