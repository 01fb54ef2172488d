import { Problem } from "@headway-run/react/components";
import { many } from "../model/words.ts";
import { mayHeal, type ReaderState } from "./reader.ts";

/** How far the log has been read, as long as it has not, and what is missing of it. */
export function Reading({ state }: { state: ReaderState }) {
  const { complete, error, head, partial, seen } = state;
  return (
    <>
      {error && (
        <Problem
          hint={mayHeal(error) ? "What is shown stays; it is tried again." : "What is shown stays."}
        >{`The log cannot be read on: ${error.message}`}</Problem>
      )}
      {!complete && !error && (
        <p className="muted small" aria-busy="true">
          {head > 0 ? `Reading the log: ${seen.toLocaleString("en")} of ${many(head, "event")}` : "Reading the log…"}
        </p>
      )}
      {partial && <p className="muted small">The oldest part of this log has been removed, as its retention says.</p>}
    </>
  );
}
