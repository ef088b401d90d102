// A value that is looked for in a vocabulary's index: its UTF-8 bytes, with their hash. Used again for each value
// (vocabulary-keys.ts has many at a time). Knows nothing of Node.js: it serves browsers too.

const utf8 = new TextEncoder();

export class VocabularyKey {
  /** The first `length` are the value. */
  bytes = new Uint8Array(64);
  length = 0;
  hash = 0;
  private words = new Uint32Array(this.bytes.buffer);

  /** Makes it the key of a text. */
  take(value: string): void {
    this.makeRoom(3 * value.length);
    this.finish(writeText(value, this.bytes, 0));
  }

  /** Makes it the key of a text that is UTF-8 in memory, from `start` to `end` − 1. */
  takeBytes(from: Uint8Array, start: number, end: number): void {
    this.makeRoom(end - start);
    const { bytes } = this;
    for (let i = start; i < end; i++) bytes[i - start] = from[i];
    this.finish(end - start);
  }

  private makeRoom(length: number): void {
    if (length + 4 <= this.bytes.length) return;
    this.bytes = new Uint8Array(2 ** Math.ceil(Math.log2(length + 4)));
    this.words = new Uint32Array(this.bytes.buffer);
  }

  private finish(length: number): void {
    const { bytes } = this;
    bytes[length] = bytes[length + 1] = bytes[length + 2] = 0;
    this.length = length;
    this.hash = hashOf(this.words, 0, length);
  }
}

/** Writes a text's UTF-8, which has at most 3 bytes for each of its units, from `start` on. @returns where it ends */
export function writeText(value: string, bytes: Uint8Array, start: number): number {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    // Not ASCII: then as the encoder does it.
    if (code > 127) return start + utf8.encodeInto(value, bytes.subarray(start)).written;
    bytes[start + i] = code;
  }
  return start + value.length;
}

/** MurmurHash3's mixing (32 bits) of whole words from `first` on, the last one padded with zeros. @param length in bytes */
export function hashOf(words: Uint32Array, first: number, length: number): number {
  let hash = length;
  for (let i = first, left = length; left > 0; i++, left -= 4) {
    let word = Math.imul(words[i], 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= Math.imul(word, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
