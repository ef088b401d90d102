// A value that is looked for in a vocabulary's index: its UTF-8 bytes, with their hash. Used again for each value, and put
// together of parts, so that no text has to be made of them first. Knows nothing of Node.js: it serves browsers too.

const utf8 = new TextEncoder();

export class VocabularyKey {
  /** The first `length` are the value. */
  bytes = new Uint8Array(64);
  length = 0;
  hash = 0;
  private words = new Uint32Array(this.bytes.buffer);

  /** Makes it the key of a text. */
  take(value: string): void {
    this.length = 0;
    this.appendText(value);
    this.finish();
  }

  /** Makes it the key of a text that is UTF-8 in memory, from `start` to `end` − 1. */
  takeBytes(from: Uint8Array, start: number, end: number): void {
    this.length = 0;
    this.appendBytes(from, start, end);
    this.finish();
  }

  /** Adds a text. @returns whether a byte of it is `\` or `|`, by which crosses are put together */
  appendText(value: string): boolean {
    this.makeRoom(3 * value.length);
    const { bytes, length: start } = this;
    let isSpecial = false;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) {
        // Not ASCII: then as the encoder does it.
        this.length = start + utf8.encodeInto(value, bytes.subarray(start)).written;
        return value.includes('|') || value.includes('\\');
      }
      if (code === 0x7c || code === 0x5c) isSpecial = true;
      bytes[start + i] = code;
    }
    this.length = start + value.length;
    return isSpecial;
  }

  /** Adds the bytes from `start` to `end` − 1. */
  appendBytes(from: Uint8Array, start: number, end: number): void {
    this.makeRoom(end - start);
    const { bytes } = this;
    let to = this.length;
    for (let i = start; i < end; i++) bytes[to++] = from[i];
    this.length = to;
  }

  /** The same with a `\` before each `\` and `|`. */
  appendEscaped(from: Uint8Array, start: number, end: number): void {
    this.makeRoom(2 * (end - start));
    for (let i = start; i < end; i++) {
      if (from[i] === 0x7c || from[i] === 0x5c) this.bytes[this.length++] = 0x5c;
      this.bytes[this.length++] = from[i];
    }
  }

  /** Adds `|`. */
  appendBar(): void {
    this.makeRoom(1);
    this.bytes[this.length++] = 0x7c;
  }

  /** To be called after the last part. */
  finish(): void {
    const { bytes, length } = this;
    bytes[length] = bytes[length + 1] = bytes[length + 2] = 0;
    this.hash = hashOf(this.words, length);
  }

  private makeRoom(more: number): void {
    const needed = this.length + more + 4;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(2 ** Math.ceil(Math.log2(needed)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.words = new Uint32Array(grown.buffer);
  }
}

/** MurmurHash3's mixing (32 bits) of whole words, the last one padded with zeros. */
function hashOf(words: Uint32Array, length: number): number {
  let hash = length;
  for (let i = 0; 4 * i < length; i++) {
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
