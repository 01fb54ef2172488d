import { type RefObject, useEffect } from "react";

/** What takes letters: a key pressed there is not meant for anything else. */
const TAKES_LETTERS = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable], dialog";

/** A key that leads to a field, from wherever nobody is typing. */
export function useFocusKey(wanted: string, field: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { altKey, ctrlKey, defaultPrevented, key, metaKey, target } = event;
      if (key !== wanted || altKey || ctrlKey || metaKey || defaultPrevented) return;
      if (target instanceof Element && target.closest(TAKES_LETTERS)) return;
      event.preventDefault();
      field.current?.select();
      field.current?.focus();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [wanted, field]);
}
