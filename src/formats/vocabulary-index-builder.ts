// Makes the index of a vocabulary (vocabulary-index-layout.ts) from its values. Knows nothing of files.
import {
  encodeHeader,
  findSlot,
  type IndexParts,
  paddedBytes,
  requireIndexable,
  slotsFor,
} from './vocabulary-index-layout.js';
import { VocabularyKey } from './vocabulary-key.js';

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
    requireIndexable(values, textBytes);
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
