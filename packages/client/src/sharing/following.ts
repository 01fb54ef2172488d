/** What a tab does that follows: it says what it wants, and takes what it is told. */

import type { RunEvent, Snapshot } from "../contract.gen.ts";
import type { Environment } from "../environment.ts";
import { errorFrom, HeadwayError } from "../errors.ts";
import type { Headway } from "../headway.ts";
import type { Link, Outcome } from "../transport.ts";
import type { Channel, How, Told } from "./messages.ts";

/** Pause between two questions whether somebody leads; it varies by half, so that of many tabs one is the first to act. */
const ASK_MS = 1_500;
/** So many of them without an answer, and nobody does. */
const UNANSWERED_MAX = 2;
/** Time after which what is older than what is here has to be true: longer than a dead connection goes unnoticed. */
const SURE_MS = 40_000;
/** Silence says nothing: whether somebody is there is asked. */
export const NEVER_MS: number = 2 ** 31 - 1;

export interface Following {
  /** Follow a run until it is over, `signal` ends it, or `role` does: then it is to be watched in another way. */
  follow(link: Link, signal: AbortSignal, role: AbortSignal): Promise<Outcome>;
  take(message: Told): void;
}

/** What one followed run makes of a message. */
type Taker = (message: Told) => void;

/**
 * @param tab Id of this tab, known to the one that leads by the lock it holds.
 * @param onSilence The tab that leads does not answer.
 */
export function createFollowing(
  headway: Headway,
  channel: Channel,
  tab: string,
  environment: Environment,
  onSilence: () => void,
): Following {
  const takers = new Set<Taker>();
  let timer: unknown;
  let unanswered = 0;

  /** Ask now and then; only while somebody can see what is missing, because timers of hidden tabs are held back. */
  const look = () => {
    environment.clearTimeout(timer);
    if (takers.size === 0) return;
    timer = environment.setTimeout(look, ASK_MS * (0.5 + environment.random()));
    if (environment.isHidden()) unanswered = 0;
    else if (unanswered++ < UNANSWERED_MAX) channel.post({ kind: "ask" });
    else {
      unanswered = 0;
      onSilence();
    }
  };

  return {
    follow: (link, signal, role) =>
      new Promise((resolve, reject) => {
        const run = link.address.stream;
        const stopWaking = environment.onWake(look);
        const ending = new AbortController();
        const finish = (outcome: Outcome | HeadwayError) => {
          ending.abort();
          stopWaking();
          takers.delete(taker);
          channel.post({ kind: "drop", tab, run });
          if (typeof outcome === "string") resolve(outcome);
          else reject(outcome);
        };
        const taker = createTaker(headway, channel, tab, link, ending.signal, finish);
        signal.addEventListener("abort", () => finish(errorFrom(signal.reason)), { signal: ending.signal });
        role.addEventListener("abort", () => finish("again"), { signal: ending.signal });
        takers.add(taker);
        if (signal.aborted) return finish(errorFrom(signal.reason));
        if (role.aborted) return finish("again");
        taker({ kind: "lead" });
        look();
      }),

    take(message) {
      unanswered = 0;
      for (const taker of [...takers]) taker(message);
    },
  };
}

/**
 * Make what takes the messages that concern one run.
 *
 * @param ended The run is not followed any more.
 */
function createTaker(
  headway: Headway,
  channel: Channel,
  tab: string,
  link: Link,
  ended: AbortSignal,
  finish: (outcome: Outcome | HeadwayError) => void,
): Taker {
  const { feed } = link;
  const run = link.address.stream;
  const { setTimeout } = link.http.environment;
  let doubting = false;
  /** It has been well before: what is here may only be old. */
  let followed = false;

  const want = (sure = false) => channel.post({ kind: "want", tab, run, cursor: feed.position, sure });

  const replace = (snapshot: Snapshot | null, sure: boolean) => {
    const here = headway.run(run).getSnapshot().run;
    if (!snapshot || snapshot.cursor === feed.position) return;
    // The tab that leads may have yet to catch up with what its predecessor said.
    if (sure || !here || feed.position === null || snapshot.seq >= here.seq) feed.replace(snapshot);
    else if (!doubting) {
      doubting = true;
      setTimeout(() => {
        doubting = false;
        if (!ended.aborted) want(true); // else the tab that leads would watch it for nobody
      }, SURE_MS);
    }
  };

  const apply = (events: RunEvent[], cursor: string) => {
    if (feed.position === null) return; // the state is on its way
    if (events.some((event) => feed.apply(event, cursor) === "gap")) want();
  };

  /** Show how the connection stands on which this one depends. */
  const show = ({ live, state, trouble }: How) => {
    feed.live = live;
    if (trouble) {
      const { category, message, ...about } = trouble;
      finish(new HeadwayError(category, message, about));
    } else if (state === "live" || state === "closed") {
      followed = true;
      link.worked();
      link.tell("followed");
      if (feed.ended() && state === "closed") finish("ended");
    } else if (followed) link.tell("quiet");
  };

  return (message) => {
    link.tell("heard", 0);
    if (message.kind === "lead") want();
    if (!("run" in message) || message.run !== run) return;
    if (message.kind === "notice") return feed.notice(message.notice);
    if (message.kind === "state") {
      if (message.to !== null && message.to !== tab) return;
      replace(message.snapshot, message.sure);
    } else if (message.kind === "events") apply(message.events, message.cursor);
    show(message.how);
    feed.flush();
  };
}
