import { useId } from "react";
import { many } from "../../model/words.ts";
import { Icon } from "../../parts/Icon.tsx";
import { LEVELS, type Level } from "./lines.ts";

const WORDS: Record<Level, string> = {
  debug: "Everything",
  info: "Info and above",
  warning: "Warnings and above",
  error: "Errors and above",
  critical: "Critical only",
};

interface LogFiltersProps {
  level: Level;
  text: string;
  onLevel: (level: Level) => void;
  onText: (text: string) => void;
  paused: boolean;
  /** Lines that came while it was held still. */
  waiting: number;
  onPause: () => void;
}

export function LogFilters({ level, text, onLevel, onText, paused, waiting, onPause }: LogFiltersProps) {
  const [levelId, textId] = [useId(), useId()];
  return (
    <search className="filters" aria-label="Lines of the log">
      <div className="filter">
        <label htmlFor={textId}>Search</label>
        <input
          id={textId}
          type="search"
          value={text}
          placeholder="Words in a line"
          autoComplete="off"
          onChange={({ target }) => onText(target.value)}
        />
      </div>
      <div className="filter">
        <label htmlFor={levelId}>Level</label>
        <select
          id={levelId}
          value={level}
          onChange={({ target }) => onLevel(LEVELS.find((one) => one === target.value) ?? "debug")}
        >
          {LEVELS.map((one) => (
            <option key={one} value={one}>
              {WORDS[one]}
            </option>
          ))}
        </select>
      </div>
      <button type="button" className="hw-button" aria-pressed={paused} onClick={onPause}>
        <Icon name={paused ? "play" : "pause"} />
        {paused ? "Go on" : "Pause"}
      </button>
      {paused && (
        <span className="muted small" role="status">
          Held still{waiting > 0 && `, ${many(waiting, "line")} waiting`}
        </span>
      )}
    </search>
  );
}
