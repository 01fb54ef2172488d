import type { ReactNode } from "react";

interface NoticeProps {
  title: string;
  /** Of its heading: 1 where it stands for the whole page. */
  level?: 1 | 2;
  tone?: "idle" | "warn" | "bad";
  action?: ReactNode;
  children?: ReactNode;
}

/** Where content would be: nothing is there yet, or why there is nothing, and what can be done. */
export function Notice({ title, level = 2, tone = "idle", action, children }: NoticeProps) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div className="notice" data-tone={tone}>
      <Heading tabIndex={level === 1 ? -1 : undefined}>{title}</Heading>
      {children && <p>{children}</p>}
      {action && <div className="notice-action">{action}</div>}
    </div>
  );
}
