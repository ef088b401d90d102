// How a vocabulary's index lies in its file and in memory: its parts, their header and checksum, and where a value is among
// them. Knows nothing of Node.js: it serves browsers too.
//
//   header   32 bytes: 'bitrowvi', then six numbers (u32): version, checksum, values n, id of missing (0: none),
//            slots s, bytes of text
//   slots    s u32: ids by open addressing with linear probing, 0 is free; s is a power of two, at least 2·n
//   offsets  n + 1 u32: value `id` is text[offsets[id − 1] … offsets[id]]; the missing value has no bytes and no slot
//   text     UTF-8 of all values in the order of their ids, padded with zeros to a multiple of 4
//
// All little-endian. Slots are filled in the order of the ids, so equal vocabularies have equal bytes.
import { UserError } from '../errors.js';
import type { VocabularyKey } from './vocabulary-key.js';

export const HEADER_BYTES = 32;
const MAGIC = [0x72746962, 0x6976776f]; // 'bitrowvi'
const VERSION = 1;
/** Slots are one array, and Node.js has none above 4 GiB. */
const MAX_VALUES = 2 ** 29;
const MAX_TEXT_BYTES = 2 ** 32 - 4;

/** The numbers that sizes follow from. */
export interface IndexShape {
  values: number;
  missingId: number;
  slots: number;
  textBytes: number;
}

/** The three parts behind the header, and the shape they have. */
export interface IndexParts {
  shape: IndexShape;
  slots: Uint32Array; // (slots)
  offsets: Uint32Array; // (values + 1)
  text: Uint8Array; // (textBytes, padded)
}

/** Bytes of the text with its padding. */
export function paddedBytes(textBytes: number): number {
  return Math.ceil(textBytes / 4) * 4;
}

/** Bytes of a whole index. */
export function indexBytes({ slots, values, textBytes }: IndexShape): number {
  return HEADER_BYTES + 4 * slots + 4 * (values + 1) + paddedBytes(textBytes);
}

/** @throws UserError when an index cannot be as large */
export function requireIndexable(values: number, textBytes: number): void {
  if (values <= MAX_VALUES && textBytes <= MAX_TEXT_BYTES) return;
  throw new UserError(
    `A vocabulary of ${values} values and ${textBytes} bytes of text is too large to index (at most ${MAX_VALUES} values and ${MAX_TEXT_BYTES} bytes).`,
    'raise --min-count, so that rare values are left out',
  );
}

/** Slots of an index of so many values. */
export function slotsFor(values: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2 * values, 2)));
}

/** Where the key is, or the free slot where it would be. At most half of the slots are taken, so there is one. */
export function findSlot(parts: IndexParts, { bytes, length, hash }: VocabularyKey): number {
  const { slots } = parts;
  const mask = slots.length - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const id = slots[slot];
    if (id === 0 || isAt(parts, id, bytes, 0, length)) return slot;
  }
}

/** Whether the text of `id` is the `length` bytes from `start` on. */
export function isAt(
  { offsets, text }: IndexParts,
  id: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  const begin = offsets[id - 1];
  if (offsets[id] - begin !== length) return false;
  for (let i = 0; i < length; i++) if (text[begin + i] !== bytes[start + i]) return false;
  return true;
}

export function encodeHeader(parts: IndexParts): Uint8Array {
  const { values, missingId, slots, textBytes } = parts.shape;
  const words = Uint32Array.of(...MAGIC, VERSION, checksumOf(parts), values, missingId, slots, textBytes);
  return new Uint8Array(words.buffer);
}

/** Checks a header against the size of its file, before anything is allocated. @throws UserError */
export function decodeHeader(
  header: Uint8Array,
  fileBytes: number,
  name: string,
): { shape: IndexShape; checksum: number } {
  if (fileBytes < HEADER_BYTES) throw damaged(name, `it has ${fileBytes} bytes, fewer than its header`);
  const words = new Uint32Array(new Uint8Array(header.subarray(0, HEADER_BYTES)).buffer);
  if (words[0] !== MAGIC[0] || words[1] !== MAGIC[1])
    throw new UserError(`${sentence(name)} is no vocabulary index.`);
  const [version, checksum, values, missingId, slots, textBytes] = words.subarray(2);
  if (version !== VERSION) {
    throw new UserError(`${sentence(name)} has version ${version}, this bitrow reads version ${VERSION}.`);
  }
  const shape = { values, missingId, slots, textBytes };
  if (values > MAX_VALUES || slots !== slotsFor(values) || missingId > values) {
    throw damaged(
      name,
      `its header says ${values} values, ${slots} slots, and ${missingId} as the id of missing`,
    );
  }
  if (indexBytes(shape) !== fileBytes) {
    throw damaged(name, `it has ${fileBytes} bytes where its header makes ${indexBytes(shape)}`);
  }
  return { shape, checksum };
}

/** Of shape and parts: a change of one word always shows, any other with all but certainty. */
export function checksumOf({ shape, slots, offsets, text }: IndexParts): number {
  const { values, missingId, slots: count, textBytes } = shape;
  let sum = 0;
  const textWords = new Uint32Array(text.buffer, text.byteOffset, text.byteLength / 4);
  for (const words of [Uint32Array.of(values, missingId, count, textBytes), slots, offsets, textWords]) {
    for (let i = 0; i < words.length; i++) {
      sum = Math.imul(sum ^ words[i], 0x85ebca6b);
      sum ^= sum >>> 13;
    }
  }
  return sum >>> 0;
}

export function damaged(name: string, what: string): UserError {
  return new UserError(`${sentence(name)} is damaged: ${what}.`);
}

function sentence(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
