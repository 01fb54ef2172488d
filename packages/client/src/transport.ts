/** What a transport is: one way to get the events of one run. Server-sent events and long-poll are two of them. */

import type { Address } from "./address.ts";
import type { RunEvent, RunStatus, Snapshot } from "./contract.gen.ts";
import type { Applied } from "./fold.ts";
import type { Http } from "./http.ts";
import type { Sign } from "./machine.ts";
import type { Live, Notice } from "./wire.ts";

export type TransportName = "sse" | "poll";

/** Where what comes in goes. */
export interface Feed {
  /** What is true beside the log. */
  live: Live | null;
  /** Only some event types come: seqs may be skipped. */
  partial: boolean;
  /** Cursor of what is here; null: what is here does not lead on, begin with a snapshot. */
  position: string | null;
  /** Notices that stand, by id. */
  readonly notices: ReadonlyMap<string, Notice>;
  /** How the run has ended, if it has: nothing follows, unless it is one that may be tried again. */
  ended(): RunStatus | false | undefined;
  /** Take a snapshot in place of what is here. */
  replace(snapshot: Snapshot): void;
  apply(event: RunEvent, cursor: string | undefined): Applied;
  /** Tell of a notice, unless it was told. Needs no `this`. */
  notice(notice: Notice): void;
  /** Let viewers know of what came. */
  flush(): void;
}

/** What a connection lends to the transport that runs it. */
export interface Link {
  readonly address: Address;
  readonly feed: Feed;
  readonly http: Http;
  /** An answer may wait for news: the server has answered before, so that there is no need to make sure of it. */
  mayWait(): boolean;
  /** Bytes have to come within `silentMs`, or the connection is cut; where there are heartbeats it counts as stale before. */
  expect(silentMs: number, beats?: boolean): void;
  /**
   * Something came: `opened` (the server answered as it should, at this time of its clock if it said so), `heard` (so
   * many bytes came), `followed` or `quiet` (the tab that has the connection is well, or not).
   */
  tell(seen: Sign, detail?: number | string): void;
  /** An event or a heartbeat came: the connection is worth something. */
  worked(): void;
  /** The server wants to be left alone for `ms` after this connection. */
  retry(ms: number): void;
}

/**
 * How a connection ended, unless it failed with an error.
 *
 * - `ended`: the run is over.
 * - `lost`: without a word; come back after a pause.
 * - `again`: come back at once.
 * - `more`: this transport makes one connection after the other, and this was one of them.
 * - `poll`: the server asks to poll instead.
 */
export type Outcome = "ended" | "lost" | "again" | "more" | "poll";

/**
 * Brings what comes to the link's feed until the connection is over.
 *
 * @throws HeadwayError Also the reason of `signal`, when that ends it.
 */
export interface Transport {
  (link: Link, signal: AbortSignal): Promise<Outcome>;
  /** What is used in place of plain long-polling where this one does not get through. */
  readonly poll?: Transport | undefined;
  /** One connection serves all tabs: what has no part in it opens no stream in each of them. */
  readonly acrossTabs?: boolean;
}
