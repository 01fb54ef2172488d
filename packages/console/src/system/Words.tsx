import { useId } from "react";
import type { Level } from "./query.ts";

export const LEVELS = ["info", "warning", "critical"] as const satisfies readonly Level[];
const NAMES: Record<Level, string> = { info: "For information", warning: "Warning", critical: "Critical" };

/** Fields for words to viewers: `text` and `level`. */
export function Words() {
  const id = useId();
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-text`}>What is said</label>
        <textarea id={`${id}-text`} name="text" rows={3} maxLength={2000} required />
      </div>
      <div className="field">
        <label htmlFor={`${id}-level`}>How important it is</label>
        <select id={`${id}-level`} name="level">
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {NAMES[level]}
            </option>
          ))}
        </select>
      </div>
    </>
  );
}

/** What was written into them. */
export function wordsIn(form: FormData): { text: string; level: Level } {
  const level = LEVELS.find((one) => one === form.get("level")) ?? "info";
  return { text: `${form.get("text") ?? ""}`.trim(), level };
}
