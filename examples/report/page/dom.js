/** Making elements, and changing only what has changed: what has the focus, or is being read, stays where it is. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `on…` are listeners, null and false are left out
 * @param {...(Node | string | null | false | undefined)} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

export function set(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value))
    element.setAttribute(name, value === true ? "" : String(value));
}

export function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/**
 * Keep one child for each entry, in order.
 *
 * @template T
 * @param {Element} parent
 * @param {Iterable<[string, T]>} entries by key
 * @param {() => { element: Element, update: (value: T) => void }} make
 */
export function each(parent, entries, make) {
  parent.parts ??= new Map();
  const before = parent.parts;
  const parts = new Map();
  let place = parent.firstElementChild;
  for (const [key, value] of entries) {
    const part = before.get(key) ?? make();
    before.delete(key);
    parts.set(key, part);
    part.update(value);
    if (part.element === place) place = place.nextElementSibling;
    else parent.insertBefore(part.element, place);
  }
  for (const part of before.values()) part.element.remove();
  parent.parts = parts;
}
