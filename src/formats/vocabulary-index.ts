// A vocabulary as an exact index: value → id, in one flat file that is read as it lies. A look-up hashes the value and
// then compares its bytes, so no other value is ever taken for it. Knows nothing of Node.js: it serves browsers too.
//
//   header   32 bytes: 'bitrowvi', then six numbers (u32): version, checksum, values n, id of missing (0: none),
//            slots s, bytes of text
//   slots    s u32: ids by open addressing with linear probing, 0 is free; s is a power of two, at least 2·n
//   offsets  n + 1 u32: value `id` is text[offsets[id − 1] … offsets[id]]; the missing value has no bytes and no slot
//   text     UTF-8 of all values in the order of their ids, padded with zeros to a multiple of 4
//
// All little-endian. Slots are filled in the order of the ids, so equal vocabularies have equal bytes.
import { UserError } from '../errors.js';
import { VocabularyKey } from './vocabulary-key.js';
import type { VocabularyKeys } from './vocabulary-keys.js';

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

/** A vocabulary in memory; ids from 1, 0 is OOV. */
export class VocabularyIndex {
  private readonly key = new VocabularyKey();
  /** Where the texts begin of the values that are looked at. */
  private begins = new Uint32Array(64);
  /** What the early loads of texts came to. Means nothing; loads for nobody would be left out. */
  touched = 0;

  private constructor(readonly parts: IndexParts) {}

  /** Takes parts that were read. @throws UserError when they cannot be an index; `name` begins the sentence */
  static fromParts(parts: IndexParts, checksum: number, name: string): VocabularyIndex {
    if (checksumOf(parts) !== checksum) throw damaged(name, 'its checksum is wrong');
    const { values, missingId, textBytes } = parts.shape;
    let filled = 0;
    let largest = 0;
    for (const id of parts.slots) {
      if (id !== 0) filled++;
      if (id > largest) largest = id;
    }
    if (largest > values || filled !== values - (missingId > 0 ? 1 : 0)) {
      throw damaged(name, `its slots hold ${filled} ids up to ${largest}, its header says ${values} values`);
    }
    const { offsets } = parts;
    for (let id = 1; id <= values; id++) {
      if (offsets[id] < offsets[id - 1]) throw damaged(name, `value ${id} ends before it begins`);
    }
    if (offsets[0] !== 0 || offsets[values] !== textBytes) throw damaged(name, 'its values leave text over');
    return new VocabularyIndex(parts);
  }

  /** Takes the parts of an index that was made by `fromParts`, on another thread. */
  static ofChecked(parts: IndexParts): VocabularyIndex {
    return new VocabularyIndex(parts);
  }

  /** Reads an index from memory; its parts are views where the bytes are aligned. @throws UserError when damaged */
  static fromBytes(bytes: Uint8Array, name = 'the vocabulary index'): VocabularyIndex {
    const { shape, checksum } = decodeHeader(bytes, bytes.length, name);
    const whole = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    const at = whole.byteOffset + HEADER_BYTES;
    const { buffer } = whole;
    const slots = new Uint32Array(buffer, at, shape.slots);
    const offsets = new Uint32Array(buffer, at + slots.byteLength, shape.values + 1);
    const text = new Uint8Array(
      buffer,
      at + slots.byteLength + offsets.byteLength,
      paddedBytes(shape.textBytes),
    );
    return VocabularyIndex.fromParts({ shape, slots, offsets, text }, checksum, name);
  }

  /** Rows of the vocabulary's table: its values and OOV. */
  get size(): number {
    return this.parts.shape.values + 1;
  }

  /** Bytes held. */
  get bytes(): number {
    return indexBytes(this.parts.shape);
  }

  /** The id of a value, null being the missing one; 0 for a value that is not in the vocabulary. */
  idOf(value: string | null): number {
    const { parts, key } = this;
    if (value === null) return parts.shape.missingId;
    key.take(value);
    return parts.slots[findSlot(parts, key)];
  }

  /**
   * Ids of `count` values whose keys stand from `first` on, to the same places of `ids`. One walk over all of them for each
   * step to memory: a large vocabulary is in no cache, and loads that do not depend on each other overlap.
   */
  idsOf(keys: VocabularyKeys, first: number, count: number, ids: Uint32Array): void {
    if (this.begins.length < count) this.begins = new Uint32Array(count);
    const { parts, begins } = this;
    const { slots, offsets, text, shape } = parts;
    const { hashes, lengths, starts, bytes } = keys;
    const mask = slots.length - 1;
    const end = first + count;
    for (let i = first; i < end; i++) ids[i] = slots[hashes[i] & mask];
    for (let i = first; i < end; i++) begins[i - first] = ids[i] === 0 ? 0 : offsets[ids[i] - 1];
    let touched = 0;
    for (let i = 0; i < count; i++) touched ^= text[begins[i]];
    this.touched = touched;
    for (let i = first; i < end; i++) {
      const length = lengths[i];
      if (length === 0) {
        ids[i] = shape.missingId;
        continue;
      }
      let slot = hashes[i] & mask;
      while (ids[i] !== 0 && !isAt(parts, ids[i], bytes, starts[i], length)) {
        slot = (slot + 1) & mask;
        ids[i] = slots[slot];
      }
    }
  }

  /** The id of the missing value; 0 if the vocabulary does not have it. */
  get missingId(): number {
    return this.parts.shape.missingId;
  }
}

/** Builds an index; the values come in the order of their ids. */
export class VocabularyIndexBuilder {
  private readonly parts: IndexParts;
  private readonly key = new VocabularyKey();
  private added = 0;

  /**
   * @param textBytes of all values together, as UTF-8
   * @throws UserError when an index cannot be as large
   */
  constructor(values: number, textBytes: number) {
    if (values > MAX_VALUES || textBytes > MAX_TEXT_BYTES) {
      throw new UserError(
        `A vocabulary of ${values} values and ${textBytes} bytes of text is too large to index (at most ${MAX_VALUES} values and ${MAX_TEXT_BYTES} bytes).`,
        'raise --min-count, so that rare values are left out',
      );
    }
    const slots = slotsFor(values);
    this.parts = {
      shape: { values, missingId: 0, slots, textBytes },
      slots: new Uint32Array(slots),
      offsets: new Uint32Array(values + 1),
      text: new Uint8Array(paddedBytes(textBytes)),
    };
  }

  /** Adds the value whose id is next, null being the missing one. A value comes once. */
  add(value: string | null): void {
    if (value === null) {
      const id = this.nextId();
      this.parts.offsets[id] = this.parts.offsets[id - 1];
      this.parts.shape.missingId = id;
      return;
    }
    this.key.take(value);
    this.addKey();
  }

  /** Adds a value that is UTF-8 in memory, from `start` to `end` − 1. */
  addBytes(bytes: Uint8Array, start: number, end: number): void {
    this.key.takeBytes(bytes, start, end);
    this.addKey();
  }

  private addKey(): void {
    const { parts, key } = this;
    const { shape, offsets, slots, text } = parts;
    const id = this.nextId();
    const start = offsets[id - 1];
    const { bytes, length } = key;
    if (start + length > shape.textBytes) throw new RangeError('more text than was announced');
    const slot = findSlot(parts, key);
    if (slots[slot] !== 0) {
      const value = new TextDecoder().decode(bytes.subarray(0, length));
      throw new RangeError(`value '${value}' came twice`);
    }
    // Most values are short: a loop beats a call of `set`.
    for (let i = 0; i < length; i++) text[start + i] = bytes[i];
    offsets[id] = start + length;
    slots[slot] = id;
  }

  private nextId(): number {
    const id = ++this.added;
    const { values } = this.parts.shape;
    if (id > values) throw new RangeError(`more than the ${values} values that were announced`);
    return id;
  }

  /** The parts and their header. @throws RangeError when fewer values came than were announced */
  finish(): { header: Uint8Array; parts: IndexParts } {
    const { shape, offsets } = this.parts;
    if (this.added !== shape.values || offsets[shape.values] !== shape.textBytes) {
      throw new RangeError(`${this.added} of ${shape.values} values came`);
    }
    return { header: encodeHeader(this.parts), parts: this.parts };
  }
}

/** Where the key is, or the free slot where it would be. At most half of the slots are taken, so there is one. */
function findSlot(parts: IndexParts, { bytes, length, hash }: VocabularyKey): number {
  const { slots } = parts;
  const mask = slots.length - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const id = slots[slot];
    if (id === 0 || isAt(parts, id, bytes, 0, length)) return slot;
  }
}

/** Whether the text of `id` is the `length` bytes from `start` on. */
function isAt(
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

function slotsFor(values: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2 * values, 2)));
}

function encodeHeader(parts: IndexParts): Uint8Array {
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
function checksumOf({ shape, slots, offsets, text }: IndexParts): number {
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

function damaged(name: string, what: string): UserError {
  return new UserError(`${sentence(name)} is damaged: ${what}.`);
}

function sentence(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
