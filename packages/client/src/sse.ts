/** Server-sent events: bytes in, frames out (WHATWG HTML, section 9.2). The twin of `Parser` in `headway/core/sse.py`. */

import { HeadwayError } from "./errors.ts";

export interface Frame {
  /** Its name, `message` when it had none. */
  event: string;
  /** Its data lines joined by LF. */
  data: string;
  /** The last id seen on this stream up to and with this frame; "" when there was none. */
  id: string;
}

export interface FrameParser {
  /**
   * Take the next bytes; return the frames completed by them.
   *
   * @throws HeadwayError (`protocol`) when a frame has more characters than allowed. Those before it are handed out
   * first; the parser cannot be used any more.
   */
  feed(bytes: Uint8Array): Frame[];
  /** The last `retry:` seen, or null. */
  retryMs(): number | null;
}

/** The largest frame is a snapshot full of text. */
const FRAME_MAX = 64 * 1024 * 1024;

/** Make a parser that reads frames from bytes cut anywhere, in bounded memory. */
export function createFrameParser(limit: number = FRAME_MAX): FrameParser {
  // Leaves the byte order mark alone: Node's takes away two when they come in pieces.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let retryMs: number | null = null;
  /** What is not part of the next line: a byte order mark, or the LF of a CR LF that came apart. */
  let skipped: RegExp | string = /^\uFEFF/;
  /** Of the line that is not complete yet; joined once, because joining at every chunk is quadratic. */
  let rest: string[] = [];
  let data: string[] = [];
  let event = "";
  let id = "";
  /** Characters of `rest` and of the frame's data so far. */
  let size = 0;

  let frames: Frame[] = [];

  const dispatch = () => {
    if (data.length > 0) frames.push({ event: event || "message", data: data.join("\n"), id });
    data = [];
    event = "";
    size = 0;
  };

  /** Take a line that has come to its end. */
  const take = (line: string) => {
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    else size -= line.length;
    if (line === "") dispatch();
    else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d+$/.test(value)) retryMs = Number(value);
  };

  const feed = (bytes: Uint8Array): Frame[] => {
    frames = [];
    const text = decoder.decode(bytes, { stream: true });
    for (const [n, part] of text
      .replace(skipped, "")
      .split(/\r\n|\r|\n/)
      .entries()) {
      if (n > 0 && size <= limit) {
        take(rest.join(""));
        rest = [];
      }
      rest.push(part);
      size += part.length;
    }
    if (text !== "") skipped = text.endsWith("\r") ? /^\n/ : "";
    if (size > limit && frames.length === 0) throw new HeadwayError("protocol");
    return frames;
  };

  return { feed, retryMs: () => retryMs };
}
