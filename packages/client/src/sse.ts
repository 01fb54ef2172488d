/** Server-sent events: bytes in, frames out. The framing is eventsource-parser's; what is added is named here. */

import { createParser, type EventSourceParser } from "eventsource-parser";
import { HeadwayError } from "./errors.ts";

export interface Frame {
  /** Its name, `message` when it had none. */
  event: string;
  data: string;
  /** The last id seen on this stream up to and with this frame; "" when there was none. */
  id: string;
}

/** The largest frame is a snapshot full of text. */
const FRAME_MAX = 64 * 1024 * 1024;

/** Reads frames from bytes cut anywhere, in bounded memory. */
export class FrameParser {
  /** The last `retry:` seen, or null. */
  retryMs: number | null = null;
  readonly #parser: EventSourceParser;
  readonly #decoder: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #frames: Frame[] = [];
  #id = "";
  #failure: HeadwayError | undefined;

  constructor(limit: number = FRAME_MAX) {
    this.#parser = createParser({
      maxBufferSize: limit,
      onId: (id) => {
        this.#id = id;
      },
      onRetry: (ms) => {
        this.retryMs = ms;
      },
      onEvent: ({ event = "message", data }) => {
        this.#frames.push({ event, data, id: this.#id });
      },
      onError: (error) => {
        if (error.type !== "max-buffer-size-exceeded") return;
        this.#failure = new HeadwayError("protocol", `A frame has more than ${limit} characters.`, { cause: error });
      },
    });
  }

  /**
   * Take the next bytes; return the frames completed by them.
   *
   * @throws HeadwayError (`protocol`) after a frame that is too large; the parser cannot be used any more.
   */
  feed(bytes: Uint8Array): Frame[] {
    if (this.#failure) throw this.#failure;
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
    const frames = this.#frames;
    this.#frames = [];
    if (this.#failure && frames.length === 0) throw this.#failure;
    return frames;
  }
}
