/** Long-poll: for where streams do not get through, and to see whether an ended run is tried again. */

import { asked } from "./address.ts";
import type { Transport } from "./transport.ts";
import type { EventPage, Notice, PolledSnapshot } from "./wire.ts";

/** How long an answer waits for news, in seconds. */
const WAIT_S = 25;
/** Time an answer may take on top of that. */
const SLACK_MS = 10_000;

/** The pages of one run's log, each waited for. */
export const poll: Transport = async (link, signal) => {
  const { address, feed, http } = link;
  const { notices, position } = feed;
  let told: Notice[] | undefined;
  if (position === null) {
    const { live = null, ...snapshot } = await http.json<PolledSnapshot>(address.state, { signal });
    feed.replace(snapshot);
    feed.live = live;
    told = live?.notices;
  } else {
    // The first answer comes at once and says that this transport works; the others wait for news.
    const wait = link.mayWait() ? WAIT_S : 0;
    link.expect(wait * 1000 + SLACK_MS);
    // The server says which of these notices are over, and which others stand; while there are any, it does not wait.
    const url = asked(address.events, `&after=${position}&wait=${wait}&notices=${[...notices.keys()]}`);
    const page = await http.json<EventPage>(url, { signal });
    for (const event of page.events) {
      // What is missing in it, the snapshot has. Nobody comes between the events of a page, so its end stands for all.
      if (page.partial || feed.apply(event, page.cursor) === "gap") feed.position = null;
    }
    told = page.notices;
  }
  told?.forEach(feed.notice);
  link.tell("opened");
  link.worked();
  feed.flush();
  return feed.ended() ? "ended" : "more";
};
