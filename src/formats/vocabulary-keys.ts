// Values that are looked for in vocabularies, many at a time: the UTF-8 bytes of each, put together of parts so that no text
// has to be made of them first, and their hashes. Used again for the next ones. Knows nothing of Node.js.
import { hashOf } from './vocabulary-key.js';

const BAR = 0x7c;
const BACKSLASH = 0x5c;

export class VocabularyKeys {
  /** Key `i` is at bytes[starts[i] … starts[i] + lengths[i] − 1]; what has no bytes is missing. */
  bytes = new Uint8Array(1024);
  readonly starts: Uint32Array; // (capacity)
  readonly lengths: Uint32Array; // (capacity)
  readonly hashes: Uint32Array; // (capacity)
  private words = new Uint32Array(this.bytes.buffer);
  /** Where the key begins that is being made, a multiple of 4, and where it ends so far. */
  private start = 0;
  private end = 0;

  constructor(capacity: number) {
    this.starts = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
    this.hashes = new Uint32Array(capacity);
  }

  /** Forgets all keys. */
  clear(): void {
    this.start = this.end = 0;
  }

  /** Adds the bytes from `start` to `end` − 1 to the key that is being made. */
  append(from: Uint8Array, start: number, end: number): void {
    this.makeRoom(end - start);
    const { bytes } = this;
    let to = this.end;
    for (let i = start; i < end; i++) bytes[to++] = from[i];
    this.end = to;
  }

  /** The same with a `\` before each `\` and `|`, as the parts of a cross have it. */
  appendEscaped(from: Uint8Array, start: number, end: number): void {
    this.makeRoom(2 * (end - start));
    const { bytes } = this;
    let to = this.end;
    for (let i = start; i < end; i++) {
      const byte = from[i];
      if (byte === BAR || byte === BACKSLASH) bytes[to++] = BACKSLASH;
      bytes[to++] = byte;
    }
    this.end = to;
  }

  /** Adds the `|` between two parts of a cross. */
  appendBar(): void {
    this.makeRoom(1);
    this.bytes[this.end++] = BAR;
  }

  /** Ends the key that is being made: it is key `i` now. */
  finish(i: number): void {
    const { bytes, start, end } = this;
    const length = end - start;
    this.starts[i] = start;
    this.lengths[i] = length;
    bytes[end] = bytes[end + 1] = bytes[end + 2] = 0;
    this.hashes[i] = hashOf(this.words, start / 4, length);
    this.start = this.end = (end + 3) & ~3;
  }

  private makeRoom(more: number): void {
    const needed = this.end + more + 4;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(2 ** Math.ceil(Math.log2(needed)));
    grown.set(this.bytes.subarray(0, this.end));
    this.bytes = grown;
    this.words = new Uint32Array(grown.buffer);
  }
}
