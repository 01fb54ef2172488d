/**
 * Text that grows by many small deltas and keeps only its last part.
 *
 * Held as pieces, because joining at every delta makes a fold quadratic. Lengths are Unicode code points, as in the
 * Python fold, so that both cut at the same place.
 */

interface Piece {
  readonly text: string;
  readonly length: number;
}

/** Pieces that were dropped but are still held, before the list is packed. */
const SLACK = 1_024;

/** Count the code points of a string: one for each surrogate pair. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) {
    if (isPair(text, at)) {
      count--;
      at++;
    }
  }
  return count;
}

function isPair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}

/** Text of one output with the number of code points dropped in front. */
export class GrowingText {
  fromOffset: number;
  length: number;
  #pieces: Piece[];
  #first = 0;
  /** Code points of the first piece that are dropped; cut off only when somebody reads. */
  #skip = 0;

  constructor(text = "", fromOffset = 0) {
    this.fromOffset = fromOffset;
    this.length = codePoints(text);
    this.#pieces = text === "" ? [] : [{ text, length: this.length }];
  }

  /** Add text at the end; amortised O(length of the delta). */
  append(delta: string): number {
    if (delta === "") return 0;
    const length = codePoints(delta);
    this.#pieces.push({ text: delta, length });
    this.length += length;
    return length;
  }

  /** Forget the first `count` code points (at most all); return how many that were. */
  dropFront(count: number): number {
    const dropped = Math.min(count, this.length);
    this.fromOffset += dropped;
    this.length -= dropped;
    let left = dropped + this.#skip;
    for (let piece = this.#pieces[this.#first]; piece && left >= piece.length; piece = this.#pieces[this.#first]) {
      left -= piece.length;
      this.#first++;
    }
    this.#skip = left;
    if (this.#first > SLACK) this.#pack();
    return dropped;
  }

  /** Return the retained text. */
  read(): string {
    this.#pack();
    const [first, ...rest] = this.#pieces;
    if (first === undefined) return "";
    if (rest.length === 0 && this.#skip === 0) return first.text;
    const text = first.text.slice(indexOf(first, this.#skip)) + rest.map((piece) => piece.text).join("");
    this.#skip = 0;
    this.#pieces = [{ text, length: this.length }];
    return text;
  }

  #pack(): void {
    this.#pieces.splice(0, this.#first);
    this.#first = 0;
  }
}

/** Return where the code point number `count` of a piece begins, in UTF-16 units. */
function indexOf(piece: Piece, count: number): number {
  if (piece.length === piece.text.length) return count;
  let at = 0;
  for (let left = count; left > 0; left--) at += isPair(piece.text, at) ? 2 : 1;
  return at;
}
