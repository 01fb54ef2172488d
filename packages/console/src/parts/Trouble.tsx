import { HeadwayError } from "@headway-run/client";
import { sentence } from "@headway-run/react/words";
import type { ReactNode } from "react";
import { Notice } from "./Notice.tsx";

/** Also what the client says when it has no better word. */
const UNREACHED = "The server cannot be reached";

interface TroubleProps {
  error: Error;
  /** What was asked for, as `this run`. */
  what: string;
  level?: 1 | 2;
  /** Where to go when there is no such thing: asking again would not help. */
  elsewhere?: ReactNode;
  onAgain?: () => void;
}

/** Why something cannot be shown, in words, and what helps. */
export function Trouble({ error, what, level = 2, elsewhere, onAgain }: TroubleProps) {
  const { title, text } = explain(error, what);
  const isNone = error instanceof HeadwayError && error.category === "not_found";
  const again = onAgain && (
    <button type="button" className="hw-button" onClick={onAgain}>
      Try again
    </button>
  );
  return (
    <Notice title={title} level={level} tone="bad" action={isNone && elsewhere ? elsewhere : again}>
      {text}
    </Notice>
  );
}

function explain(error: Error, what: string): { title: string; text: string } {
  const said = sentence(error.message);
  if (!(error instanceof HeadwayError)) return { title: "Something went wrong", text: said };
  const hint = error.problem.hint ? ` ${sentence(error.problem.hint)}` : "";
  const text = `${said}${hint}`;
  switch (error.category) {
    case "auth":
      return {
        title: "Not signed in",
        text: `This server wants to know who you are. Sign in to the application it belongs to, then come back. ${text}`,
      };
    case "forbidden":
      return { title: `You may not see ${what}`, text };
    case "not_found":
      return { title: `There is no ${what.replace(/^(this|these|the) /, "such ")}`, text };
    case "network":
    case "timeout":
      return { title: UNREACHED, text: `${text.replace(`${UNREACHED}.`, "")} It is tried again by itself.`.trim() };
    case "server":
    case "rate_limited":
      return { title: "The server cannot answer just now", text };
    default:
      return { title: `${what.charAt(0).toUpperCase()}${what.slice(1)} cannot be shown`, text };
  }
}
