import { type FocusEvent, type RefObject, useEffect, useRef } from "react";

export interface KeptFocus<Part extends HTMLElement> {
  ref: RefObject<Part | null>;
  tabIndex: -1;
  onFocus: () => void;
  onBlur: (event: FocusEvent) => void;
}

/**
 * Keep the focus in a part of the page when the control that had it goes away, as a button does once it has been
 * pressed: the part takes it, or one who uses the keyboard would have to begin at the top again. Spread the answer on
 * the part's element.
 */
export function useKeptFocus<Part extends HTMLElement>(): KeptFocus<Part> {
  const ref = useRef<Part>(null);
  const inside = useRef(false);
  useEffect(() => {
    // React hears nothing when it removes the element that has the focus: the page's body has it then.
    if (inside.current && document.activeElement === document.body) ref.current?.focus({ preventScroll: true });
  });
  return {
    ref,
    tabIndex: -1,
    onFocus: () => {
      inside.current = true;
    },
    onBlur: ({ target }) => {
      // A button that is disabled loses the focus without anybody having gone elsewhere.
      if (!target.matches(":disabled")) inside.current = false;
    },
  };
}
