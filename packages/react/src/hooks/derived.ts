import { Headway } from "@headway-run/client";

/** Clients like another, by what is different: components that wish the same share one, and with it its connections. */
const made = new WeakMap<Headway, Map<string, Headway>>();

/**
 * Return a client like this one with some options changed.
 *
 * @param changes Options as JSON; without any it is the same client.
 */
export function derived(headway: Headway, changes: string): Headway {
  if (changes === "{}") return headway;
  const likes = made.get(headway) ?? new Map<string, Headway>();
  made.set(headway, likes);
  // What stands in place of a stream belongs to the client it was made for.
  const like = likes.get(changes) ?? new Headway({ ...headway.shared, stream: undefined, ...JSON.parse(changes) });
  likes.set(changes, like);
  return like;
}
