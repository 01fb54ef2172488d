/** Server-sent events over `fetch`: not by EventSource, which gives up for ever on any answer but 200 and says nothing. */

import { withQuery } from "./address.ts";
import type { RunEvent, Snapshot } from "./contract.gen.ts";
import { HeadwayError } from "./errors.ts";
import { type Frame, FrameParser } from "./sse.ts";
import type { Link, Outcome, Transport } from "./transport.ts";
import type { EndFrame, Live, Notice, OpenFrame, ResetFrame } from "./wire.ts";

const AGAIN: Outcome = { kind: "again" };

/** The stream of one run. */
export const stream: Transport = {
  name: "sse",
  async run(link, signal) {
    const { address, feed, http } = link;
    link.expect(link.timing.openMs);
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (feed.position !== null) headers["Last-Event-ID"] = feed.position;
    // `client=1`: we understand 429 and 503, and are told of an overload by them.
    const response = await http.request(withQuery(address.stream, { client: 1 }), { headers, signal });
    if (response.status === 204) return { kind: "ended" };
    const type = response.headers.get("Content-Type") ?? "";
    if (!response.body || !type.startsWith("text/event-stream")) throw new HeadwayError("protocol");
    return read(link, response.body.getReader(), signal);
  },
};

async function read(
  link: Link,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): Promise<Outcome> {
  const parser = new FrameParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return { kind: "lost" };
      link.heard();
      const outcome = takeAll(link, parser, value);
      if (parser.retryMs !== null) link.retry(parser.retryMs);
      link.feed.flush();
      if (outcome) return outcome;
    }
  } finally {
    // Frees the connection when frames ended it; after an error there is nothing left to free.
    reader.cancel().catch(() => {});
  }
}

function takeAll(link: Link, parser: FrameParser, bytes: Uint8Array): Outcome | undefined {
  for (const frame of parser.feed(bytes)) {
    const outcome = take(link, parser, frame);
    if (outcome) return outcome;
  }
  return undefined;
}

/** Do what a frame says; an outcome ends the connection. */
function take(link: Link, parser: FrameParser, { event, data, id }: Frame): Outcome | undefined {
  const value = parse(data);
  switch (event) {
    case "open":
      return open(link, value as OpenFrame);
    case "snapshot":
      link.feed.replace(value as Snapshot, id);
      return undefined;
    case "ping":
      link.worked();
      return undefined;
    case "live":
      link.feed.live(value as Live);
      return undefined;
    case "notice":
      link.feed.notice(value as Notice);
      return undefined;
    case "reset":
      return reset(link, value as ResetFrame);
    case "reauthorize":
      link.http.refreshToken();
      return AGAIN;
    case "end":
      return end(value as EndFrame, parser.retryMs ?? 0);
    default:
      link.worked();
      // A gap: the log has events that did not come. Read it again from where we are.
      return link.feed.apply(value as RunEvent, id) === "gap" ? AGAIN : undefined;
  }
}

function open(link: Link, { ping_s, live }: OpenFrame): undefined {
  link.expectPings(ping_s);
  link.opened();
  if (live !== undefined) link.feed.live(live);
}

function reset({ feed }: Link, { reason }: ResetFrame): undefined {
  if (reason === "gone") throw new HeadwayError("not_found", "The run was deleted.");
  feed.forget();
}

function end({ use }: EndFrame, retryMs: number): Outcome {
  return use === "poll" ? { kind: "poll", forMs: retryMs } : { kind: "ended" };
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (error) {
    throw new HeadwayError("protocol", undefined, { cause: error });
  }
}
