/** A card for each competitor: planned, being captured page by page, captured, or what went wrong. */

import { each, h, set, show, text } from "./dom.js";
import { isOver, many, ofItem, pathOf } from "./words.js";

/** One card. */
export function card() {
  const name = h("h3");
  const badge = h("span", { class: "badge" });
  const bar = h("progress", { max: 1 });
  const said = h("p", { class: "muted small" });
  const error = h("p", { class: "error small", hidden: true });
  const pages = h("ul", { class: "pages" });
  const element = h("li", { class: "card" }, h("div", { class: "row spread" }, name, badge), bar, said, error, pages);
  return { element, update };

  function update({ item, captured, run }) {
    const [words, kind] = ofItem(item.status, run);
    text(name, item.title);
    text(badge, words);
    set(badge, "data-kind", kind);
    set(element, "data-state", item.status);
    set(bar, "aria-label", `Capture of ${item.title}`);
    set(bar, "data-kind", kind);
    set(bar, "value", item.status === "finished" ? 1 : share(item, captured));
    text(said, wordsFor(item, captured, run));
    text(error, item.error?.message ?? "");
    show(error, item.error !== null);
    each(
      pages,
      captured.map((page) => [page.url, page]),
      line,
    );
  }
}

/** Of how many pages a site is captured, as far as that is known: its first page tells. */
const totalOf = (item) => item.progress?.total ?? 0;

function share(item, captured) {
  return captured.length / Math.max(totalOf(item), captured.length, 1);
}

function wordsFor(item, captured, run) {
  if (item.status === "planned" && run === null) return "Waits for the report to be asked for.";
  if (item.status === "planned") return isOver(run) ? "It had not come to its turn." : "Its turn comes.";
  if (item.status === "running" && captured.length === 0) return "Asking for its first page …";
  const total = Math.max(totalOf(item), captured.length);
  return item.status === "finished" ? many(captured.length, "page") : `${captured.length} of ${many(total, "page")}`;
}

function line() {
  const path = h("span", { class: "path" });
  const size = h("span", { class: "muted" });
  return {
    element: h("li", {}, path, size),
    update: (page) => {
      text(path, pathOf(page.url));
      text(size, `${page.kind}, ${(page.size / 1024).toFixed(1)} kB`);
    },
  };
}
