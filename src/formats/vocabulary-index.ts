// A vocabulary as an exact index: value → id, in one flat file that is read as it lies (vocabulary-index-layout.ts). A look-up
// hashes the value and then compares its bytes, so no other value is ever taken for it.
import {
  checksumOf,
  damaged,
  decodeHeader,
  findSlot,
  HEADER_BYTES,
  type IndexParts,
  indexBytes,
  isAt,
  paddedBytes,
} from './vocabulary-index-layout.js';
import { VocabularyKey } from './vocabulary-key.js';
import type { VocabularyKeys } from './vocabulary-keys.js';

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
