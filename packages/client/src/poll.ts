/** Long-poll: for where streams do not get through, and to see whether an ended run is tried again. */

import { asked } from "./address.ts";
import type { Link, Outcome, Transport } from "./transport.ts";
import type { EventPage, PolledSnapshot } from "./wire.ts";

/** How long an answer waits for news, in seconds. */
const WAIT_S = 25;
/** Time an answer may take on top of that. */
const SLACK_MS = 10_000;

/** The pages of one run's log, each waited for. */
export const poll: Transport = async (link, signal) => {
  const { address, feed, http } = link;
  const position = feed.position();
  if (position === null) {
    const { live = null, ...snapshot } = await http.json<PolledSnapshot>(address.state, { signal });
    feed.replace(snapshot);
    feed.live = live;
    return done(link);
  }
  // The first answer comes at once and says that this transport works; the others wait for news.
  const wait = link.mayWait() ? WAIT_S : 0;
  link.expect(wait * 1000 + SLACK_MS);
  const url = asked(address.events, `&after=${position}&wait=${wait}`);
  const { events, cursor, partial } = await http.json<EventPage>(url, { signal });
  for (const event of events) {
    // What is missing in it, the snapshot has. Nobody comes between the events of a page, so its end stands for all.
    if (partial || feed.apply(event, cursor) === "gap") feed.forget();
  }
  return done(link);
};

function done(link: Link): Outcome {
  link.tell("opened");
  link.worked();
  link.feed.flush();
  return link.feed.isEnded() ? "ended" : "more";
}
