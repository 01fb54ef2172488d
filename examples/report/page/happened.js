/** What happened to a report: the business events that a listener has written down, the newest first. */

import { each, h, set, text } from "./dom.js";
import { clock, ofEvent } from "./words.js";

const SHOWN_MAX = 30;

/**
 * @param {Element} list
 * @param {{ runId: string, seq: number, kind: string, happenedAt: string, details: object }[]} events in order
 * @param {{ key: string, name: string }[]} competitors
 */
export function showHappened(list, events, competitors) {
  const names = new Map(competitors.map(({ key, name }) => [key, name]));
  const shown = events.slice(-SHOWN_MAX).map((event) => [`${event.runId}/${event.seq}`, { event, names }]);
  each(list, shown.reverse(), line);
}

function line() {
  const time = h("time", { class: "muted" });
  const words = h("span");
  return {
    element: h("li", {}, time, words),
    update: ({ event, names }) => {
      set(time, "datetime", event.happenedAt);
      text(time, clock(event.happenedAt));
      text(words, ofEvent(event, names.get(event.details.competitor)));
    },
  };
}
