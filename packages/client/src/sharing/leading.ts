/** What the tab that leads does: it watches what the others want, and passes on what comes. */

import type { RunEvent } from "../contract.gen.ts";
import type { Headway } from "../headway.ts";
import { merged } from "../merged.ts";
import type { Asked, Channel, How } from "./messages.ts";
import { whenGone } from "./presence.ts";

/** A run that is passed on. */
interface Passing {
  readonly tabs: Set<string>;
  /** Say the state to a tab whose cursor is this one. */
  answer(tab: string, cursor: string | null, sure: boolean): void;
  /** Try again if it is time to: timers of a hidden tab may be late by a minute, and somebody looks at another one. */
  hurry(): void;
  end(): void;
}

export interface Leading {
  take(message: Asked): void;
  /** Pass nothing on any more. */
  end(): void;
}

/** Begin to lead. */
export function lead(headway: Headway, channel: Channel): Leading {
  const passing = new Map<string, Passing>();
  const known = new Set<string>();
  const ending = new AbortController();

  const drop = (tab: string, address: string) => {
    const passed = passing.get(address);
    if (!passed?.tabs.delete(tab) || passed.tabs.size > 0) return;
    passed.end();
    passing.delete(address);
  };

  /** A tab that is gone wants nothing any more. */
  const lookAfter = (tab: string) => {
    if (known.has(tab)) return;
    known.add(tab);
    whenGone(tab, ending.signal, () => {
      known.delete(tab);
      for (const address of [...passing.keys()]) drop(tab, address);
    });
  };

  /**
   * By a timer, because a tab that has none running does not lead: while Firefox shows an `alert`, its page still gets
   * messages, and nothing else.
   */
  const answer = () =>
    headway.shared.environment.setTimeout(() => ending.signal.aborted || channel.post({ kind: "here" }), 0);

  channel.post({ kind: "lead" });
  return {
    take(message) {
      if (message.kind === "ask") {
        answer();
        for (const { hurry } of passing.values()) hurry();
      } else if (message.kind === "drop") drop(message.tab, message.run);
      else {
        const { tab, run, cursor, sure } = message;
        lookAfter(tab);
        const passed = passing.get(run) ?? pass(headway, channel, run);
        passing.set(run, passed);
        passed.tabs.add(tab);
        passed.answer(tab, cursor, sure);
      }
    },
    end() {
      ending.abort();
      for (const { end } of passing.values()) end();
      passing.clear();
    },
  };
}

/** Watch a run and pass it on. */
function pass(headway: Headway, channel: Channel, address: string): Passing {
  const run = headway.run(address);
  /** What came and was not passed on. */
  let events: RunEvent[] = [];
  /** Up to where all have been told, or ask by themselves. */
  let { seq, cursor }: { seq: number; cursor: string | null } = run.getSnapshot().run ?? { seq: 0, cursor: null };

  const look = (): How => {
    const { connection, error, live } = run.getSnapshot();
    const { category, message, status, problem } = error ?? {};
    const trouble = error && ({ category, message, status, problem } as How["trouble"]);
    return { state: connection.state, live, trouble };
  };
  let how = look();

  const tell = () => {
    const snapshot = run.getSnapshot().run;
    const before = how;
    how = merged(before, look());
    const came = events;
    events = [];
    if (snapshot && snapshot.cursor !== cursor) {
      // The first state may be older than what a predecessor passed on; one that replaces another is true.
      const sure = cursor !== null;
      const follows = sure && came[0]?.seq === seq + 1 && came.at(-1)?.seq === snapshot.seq;
      ({ seq, cursor } = snapshot);
      if (follows) channel.post({ kind: "events", run: address, events: came, cursor: snapshot.cursor, how });
      else channel.post({ kind: "state", to: null, run: address, snapshot, sure, how });
    } else if (how !== before) {
      channel.post({ kind: "how", run: address, how });
    }
  };

  const ends = [
    run.on("*", (event) => events.push(event)),
    run.on("notice", (notice) => channel.post({ kind: "notice", run: address, notice })),
    run.subscribe(tell, 0),
  ];
  return {
    tabs: new Set(),
    answer(tab, theirs, sure) {
      tell();
      const snapshot = run.getSnapshot().run;
      if (!snapshot) return; // it is told to all as soon as it is here
      const same = snapshot.cursor === theirs;
      const certain = sure && how.state === "live"; // else it may have yet to catch up itself
      channel.post({ kind: "state", to: tab, run: address, snapshot: same ? null : snapshot, sure: certain, how });
    },
    hurry() {
      const { retryAt } = run.getSnapshot().connection;
      if (retryAt !== null && headway.shared.environment.now() >= retryAt) run.reconnect();
    },
    end() {
      for (const end of ends) end();
    },
  };
}
