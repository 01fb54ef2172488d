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

/** The largest frame is a snapshot full of text. */
const FRAME_MAX = 64 * 1024 * 1024;

/**
 * Make a parser that reads frames from bytes cut anywhere, in bounded memory.
 *
 * @param onRetry Told of every `retry:`, in milliseconds.
 * @param limit Characters a frame may have.
 * @returns Takes the next bytes and returns the frames completed by them. Throws a HeadwayError (`protocol`) when a frame
 * is too large, after those before it were handed out; it cannot be used any more then.
 */
export function createFrameParser(
  onRetry: (ms: number) => void,
  limit: number = FRAME_MAX,
): (bytes: Uint8Array) => Frame[] {
  // Leaves the byte order mark alone: Node's takes away two when they come in pieces.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
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

  /** Take a line that has come to its end. */
  const take = (line: string) => {
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    else size -= line.length;
    if (line === "") {
      if (data.length > 0) frames.push({ event: event || "message", data: data.join("\n"), id });
      data = [];
      event = "";
      size = 0;
    } else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
  };

  return (bytes) => {
    frames = [];
    const text = decoder.decode(bytes, { stream: true });
    for (const [n, part] of text
      .replace(skipped, "")
      .split(/\r\n?|\n/)
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
}
