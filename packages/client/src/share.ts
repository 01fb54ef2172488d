/**
 * Twenty tabs, one connection: the tabs of an origin elect one of them, which watches for all.
 *
 * @packageDocumentation
 */

import { OPEN_MS } from "./connection.ts";
import type { Environment } from "./environment.ts";
import type { Headway } from "./headway.ts";
import { many } from "./many.ts";
import { createElection } from "./sharing/election.ts";
import { createFollowing, NEVER_MS } from "./sharing/following.ts";
import { type Leading, lead } from "./sharing/leading.ts";
import { createChannel, isAsked } from "./sharing/messages.ts";
import { createPresence } from "./sharing/presence.ts";
import type { Transport } from "./transport.ts";

export interface ShareOptions {
  /**
   * Tabs of the same name share. They see what the tab sees that has the connection, so put the user's id in it: what
   * one user may see is not for the next one who signs in.
   *
   * @defaultValue ""
   */
  name?: string;
  /** How the tab that has the connection connects. @defaultValue `many()` */
  over?: (headway: Headway) => Transport;
  /** What tells of `pagehide` and `pageshow`; tests bring their own. */
  page?: EventTarget;
}

/**
 * Share one connection among the tabs of a browser; for `new Headway({ stream: share({ name: user.id }) })`.
 *
 * One tab leads: it holds a Web Lock, connects, and passes on what comes by a BroadcastChannel; the others are in the
 * state `follower`. When it is closed, navigates away, or hangs for some seconds, another one leads, and goes on from
 * its own cursors. Where a browser has no locks or channels, each tab connects by itself.
 *
 * A follower sees states and events as with a connection of its own, each event once and in order; those that came while
 * the lead changed may come as a snapshot.
 */
export function share({
  name = "",
  over = many(),
  page = globalThis,
}: ShareOptions = {}): (headway: Headway) => Transport {
  return (headway) => {
    const direct = over(headway);
    let tab: Transport | undefined;
    if (!globalThis.navigator?.locks || !globalThis.BroadcastChannel) return direct;
    const stream: Transport = (link, signal) => {
      tab ??= joinTabs(`headway ${name}`, headway, direct, page, link.http.environment); // once something is watched
      return tab(link, signal);
    };
    return Object.assign(stream, { poll: direct.poll, acrossTabs: true });
  };
}

/** Become one of the tabs that share. */
function joinTabs(
  key: string,
  headway: Headway,
  direct: Transport,
  page: EventTarget,
  environment: Environment,
): Transport {
  const tab = crypto.randomUUID();
  const presence = createPresence(tab);
  let leading: Leading | null = null;

  const channel = createChannel(key, (message) => {
    if (!isAsked(message)) following.take(message);
    else leading?.take(message);
  });
  const election = createElection(key, page, (role) => {
    leading?.end();
    leading = null;
    if (!role) {
      presence.release();
      channel.close();
      return;
    }
    channel.open();
    if (role.leads) leading = lead(headway, channel);
  });
  const following = createFollowing(headway, channel, tab, environment, election.steal);

  return async (link, signal) => {
    link.expect(NEVER_MS);
    const role = await election.role(signal);
    if (!role.leads) {
      await presence.hold();
      return following.follow(link, signal, role.signal);
    }
    link.expect(OPEN_MS);
    try {
      return await direct(link, AbortSignal.any([signal, role.signal]));
    } catch (error) {
      if (role.signal.aborted && !signal.aborted) return "again";
      throw error;
    }
  };
}
