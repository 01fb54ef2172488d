import { type RefObject, useEffect } from "react";

/**
 * Control and a letter, or Command and it, lead to a field. A letter by itself would be pressed by accident, and by those
 * who talk to their computer (WCAG 2.1.4).
 */
export function useFocusKey(letter: string, field: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { altKey, ctrlKey, defaultPrevented, key, metaKey, shiftKey, target } = event;
      if (key !== letter || ctrlKey === metaKey || altKey || shiftKey || defaultPrevented) return;
      if (target instanceof Element && target.closest("dialog")) return;
      event.preventDefault();
      field.current?.select();
      field.current?.focus();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [letter, field]);
}
