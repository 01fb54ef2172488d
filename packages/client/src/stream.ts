/** Server-sent events over `fetch`: not by EventSource, which gives up for ever on any answer but 200 and says nothing. */

import { asked } from "./address.ts";
import type { RunEvent, Snapshot } from "./contract.gen.ts";
import { HeadwayError } from "./errors.ts";
import { createFrameParser, type Frame } from "./sse.ts";
import type { Link, Outcome, Transport } from "./transport.ts";
import type { EndFrame, Live, Notice, OpenFrame, ResetFrame } from "./wire.ts";

export const EVENT_STREAM = "text/event-stream";
/** Milliseconds of silence, for each second between two pings, after which the connection counts as dead. */
const SILENT_MS_A_SECOND = 2_500;

/** The stream of one run. */
export const sse: Transport = async (link, signal) => {
  const { address, feed, http } = link;
  const { position } = feed;
  const headers = { Accept: EVENT_STREAM, ...(position && { "Last-Event-ID": position }) };
  const response = await http.request(asked(address.stream), { headers, signal });
  return read(response, link.retry, signal, (frames, bytes) => {
    link.tell("heard", bytes);
    let outcome: Outcome | undefined;
    for (const { event, data, id } of frames) outcome ??= take(link, event, JSON.parse(data), id);
    feed.flush();
    return outcome;
  });
};

/**
 * Read a stream until it ends, or an outcome comes of it.
 *
 * @param onFrames Takes the frames that are complete with each piece that comes, and its number of bytes.
 */
export async function read(
  response: Response,
  onRetry: (ms: number) => void,
  signal: AbortSignal,
  onFrames: (frames: Frame[], bytes: number) => Outcome | undefined,
): Promise<Outcome> {
  if (response.status === 204) return "ended";
  if (!/event-stream/.test(response.headers.get("Content-Type") as string)) throw new HeadwayError("protocol");
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const parse = createFrameParser(onRetry);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return "lost";
      const outcome = onFrames(parse(value), value.length);
      if (outcome) return outcome;
    }
  } finally {
    // Frees the connection when frames ended it; after an error there is nothing left to free.
    reader.cancel().catch(() => {});
  }
}

/** Do what a frame says; an outcome ends the connection. */
export function take(link: Link, event: string, value: unknown, id: string): Outcome | undefined {
  const { feed, http } = link;
  switch (event) {
    case "open": {
      const { ping_s, server_time, live = null, partial = false } = value as OpenFrame;
      link.expect(ping_s * SILENT_MS_A_SECOND, true);
      link.tell("opened", server_time);
      feed.live = live;
      feed.partial = partial;
      return undefined;
    }
    case "snapshot":
      feed.replace({ ...(value as Snapshot), cursor: id });
      return undefined;
    case "ping":
      link.worked();
      return undefined;
    case "live":
      feed.live = value as Live;
      return undefined;
    case "notice":
      feed.notice(value as Notice);
      return undefined;
    case "reset":
      feed.position = null;
      if ((value as ResetFrame).reason === "gone") throw new HeadwayError("not_found", "The run was deleted.");
      return undefined;
    case "reauthorize":
      http.refreshToken();
      return "again";
    case "end":
      return (value as EndFrame).use ?? "ended";
    default:
      // A gap: the log has events that did not come. Read it again from where we are.
      if (feed.apply(value as RunEvent, id) === "gap") return "again";
      link.worked();
      return undefined;
  }
}
