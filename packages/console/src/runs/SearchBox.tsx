import { useEffect, useRef, useState } from "react";
import { SEARCH_BOX } from "./search.ts";
import { useFocusKey } from "./useFocusKey.ts";

/** Typing is over when so long nothing came. */
const TYPING_MS = 300;
/** As many characters as the server takes. */
const LENGTH_MAX = 200;

interface SearchBoxProps {
  words: string | undefined;
  onSearch: (words: string | undefined) => void;
}

/** Words to look for. They are looked for a moment after the last key; at once with Enter, and when they are emptied. */
export function SearchBox({ words = "", onSearch }: SearchBoxProps) {
  const [text, setText] = useState(words);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const input = useRef<HTMLInputElement>(null);
  useFocusKey("k", input);

  // The address has changed by other ways, as by that back. What is being typed goes before.
  useEffect(() => {
    if (timer.current === undefined) setText((typed) => (typed.trim() === words ? typed : words));
  }, [words]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = (typed: string) => {
    clearTimeout(timer.current);
    timer.current = undefined;
    if (typed.trim() !== words) onSearch(typed.trim() || undefined);
  };
  const type = (typed: string) => {
    setText(typed);
    clearTimeout(timer.current);
    if (typed.trim() === "") search(typed);
    else timer.current = setTimeout(search, TYPING_MS, typed);
  };

  return (
    <div className="filter">
      <label htmlFor={SEARCH_BOX}>Search</label>
      <input
        ref={input}
        id={SEARCH_BOX}
        type="search"
        value={text}
        maxLength={LENGTH_MAX}
        placeholder="Title, job or id"
        autoComplete="off"
        spellCheck={false}
        aria-keyshortcuts="Control+K Meta+K"
        title="Words in title, job or id. Ctrl K (or ⌘ K) leads here, Escape empties it."
        onChange={({ target }) => type(target.value)}
        onBlur={() => search(text)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Enter") search(text);
          if (event.key !== "Escape") return;
          event.preventDefault(); // some browsers empty it, too, and would tell of it a second time
          type("");
        }}
      />
    </div>
  );
}
