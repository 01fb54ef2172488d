import { useEffect, useState } from "react";

const SHOWN_MS = 3_000;

interface CopyButtonProps {
  text: string | (() => string | Promise<string>);
  children: string;
  /** Beside others of the usual size. */
  large?: boolean;
}

/** Copies a text, and says whether it did. */
export function CopyButton({ text, children, large = false }: CopyButtonProps) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setSaid("Copied");
    } catch {
      setSaid("The browser did not let it be copied");
    }
  };
  return (
    <>
      <button type="button" className="hw-button" data-small={!large || undefined} onClick={() => void copy()}>
        {children}
      </button>
      <span role="status" className={said ? "small muted" : "hw-hidden"}>
        {said}
      </span>
    </>
  );
}
