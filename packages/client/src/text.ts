/**
 * Text that grows by many small deltas and keeps only its last part.
 *
 * Held as pieces, because joining at every delta makes a fold quadratic; cut only when somebody reads, or when there is
 * as much to be cut as may be kept. Lengths are Unicode code points, as in the Python fold, so that both cut at the
 * same place.
 */

import { OUTPUT_TEXT_MAX } from "./contract.gen.ts";

/** Text of one output with the number of code points dropped in front. */
export class GrowingText {
  length = 0;
  from_offset: number;
  #pieces: string[] = [];
  /** Code points at the beginning of the pieces that are dropped. */
  #dropped = 0;

  constructor(text: string, from_offset: number) {
    this.from_offset = from_offset;
    this.append(text);
  }

  /** Add text at the end and return its length; amortised O(length of the delta). */
  append(delta: string): number {
    let length = 0;
    for (const _ of delta) length++; // code points, not the units of UTF-16 that `delta.length` counts
    this.#pieces.push(delta);
    this.length += length;
    return length;
  }

  /** Forget the first `count` code points. */
  drop(count: number): void {
    this.from_offset += count;
    this.length -= count;
    this.#dropped += count;
    if (this.#dropped > OUTPUT_TEXT_MAX) this.read();
  }

  /** Return the retained text. */
  read(): string {
    let text = this.#pieces.join("");
    let cut = 0;
    for (; this.#dropped > 0; this.#dropped--) cut += (text.codePointAt(cut) as number) > 0xffff ? 2 : 1;
    text = text.slice(cut);
    this.#pieces = [text];
    return text;
  }
}
