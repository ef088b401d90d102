// A table's records as bytes, for checkpoints: which rows were ever written, and their codes, steps and optimizer
// state, out of memory and back in. The state stays opaque. Only while no thread updates the table.
import type { Section } from './shard.js';
import type { TableMemory } from './table-memory.js';
import { type Tier, tierStorage, tiersOf } from './tiers.js';

/** What of a record is meant, in the order of the record. */
export const recordParts = ['codes', 'steps', 'state'] as const;
export type RecordPart = (typeof recordParts)[number];

/** Byte offset and length of a part within a tier's records; length 0 where rows have none. */
export function partOf(
  { spec }: Pick<TableMemory, 'spec'>,
  part: RecordPart,
  tier: Tier = 'cold',
): { offset: number; bytes: number } {
  const { codeBytes, stateOffset, recordBytes } = tierStorage(spec, tier).layout;
  switch (part) {
    case 'codes':
      return { offset: 0, bytes: codeBytes };
    case 'steps':
      return { offset: codeBytes, bytes: stateOffset - codeBytes };
    case 'state':
      return { offset: stateOffset, bytes: recordBytes - stateOffset };
    default:
      return part satisfies never;
  }
}

/** Bytes of a part of the records of all rows. */
export function partBytes({ spec, plans }: Pick<TableMemory, 'spec' | 'plans'>, part: RecordPart): number {
  const sections = plans.flatMap((plan) => plan.sections);
  return sections.reduce((sum, { tier, rows }) => sum + rows * partOf({ spec }, part, tier).bytes, 0);
}

/** Rows ever written, in all and of each tier, and in how many ranges they lie. */
export function countWritten(table: TableMemory): {
  rows: number;
  tierRows: Record<Tier, number>;
  ranges: number;
} {
  const tierRows = { cold: 0, hot: 0 };
  let ranges = 0;
  // Whether the row before was written: a range may go on from word to word, and from section to section.
  let before = 0;
  for (const { section, written } of sectionsOf(table)) {
    let rows = 0;
    for (let word = 0; word < written.length; word++) {
      const bits = written[word];
      rows += ones(bits);
      ranges += ones(bits & ~((bits << 1) | before));
      before = lastBit(bits, section, word);
    }
    tierRows[section.tier] += rows;
  }
  return { rows: tierRows.cold + tierRows.hot, tierRows, ranges };
}

/** Ranges that are handed out at a time: 512 KiB of them. */
const BLOCK_RANGES = 1 << 16;

/**
 * Yields the rows ever written, as pairs (first row, number of rows), ascending, some at a time: rows far apart have as
 * many ranges as rows, and their list would grow with the table. The array is lent until the next is asked for.
 */
export function* writtenRanges(table: TableMemory): Generator<Uint32Array> {
  const block = new Uint32Array(2 * Math.min(BLOCK_RANGES, countWritten(table).ranges));
  let used = 0;
  let first = 0;
  let end = -1;
  for (const { section, written } of sectionsOf(table)) {
    for (let word = 0; word < written.length; word++) {
      const bits = written[word];
      if (bits === 0) continue;
      for (let bit = 0; bit < 32; bit++) {
        if (((bits >>> bit) & 1) === 0) continue;
        const row = section.firstRow + word * 32 + bit;
        if (row !== end) {
          if (end >= 0) {
            block[used++] = first;
            block[used++] = end - first;
            if (used === block.length) {
              yield block;
              used = 0;
            }
          }
          first = row;
        }
        end = row + 1;
      }
    }
    if (end > section.firstRow + section.rows) {
      throw new Error('A row beyond its section is marked as written.');
    }
  }
  if (end < 0) return;
  block[used++] = first;
  block[used++] = end - first;
  yield block.subarray(0, used);
}

/** Of the given rows, how many are of a tier. */
export function rowsOfTier(table: TableMemory, ranges: Uint32Array, tier: Tier): number {
  if (!table.spec.storage.hot) return tier === 'cold' ? rowsIn(ranges) : 0;
  let rows = 0;
  for (const { count } of runsOf(table, ranges, tier, Number.POSITIVE_INFINITY)) rows += count;
  return rows;
}

/** Below, a loop copies faster than a call. */
const FEW_BYTES = 32;

/** Bytes of a block: one write to a file, whether the rows lie together or far apart. */
const BLOCK_BYTES = 1 << 20;

/** Rows of a part that make a block. */
function blockRows(bytes: number): number {
  return Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, bytes)));
}

/** Bytes of the largest block that `readRecords` yields of a table. */
export function mostBlockBytes({ spec }: TableMemory): number {
  return Math.max(BLOCK_BYTES, ...tiersOf(spec).map((tier) => tierStorage(spec, tier).layout.recordBytes));
}

/**
 * Yields a part of the records of those of the given rows that are of a tier, a block of about BLOCK_BYTES at a time.
 *
 * @param out receives every block: at least `mostBlockBytes`. A block is lent until the next is asked for
 */
export function* readRecords(
  table: TableMemory,
  ranges: Uint32Array,
  part: RecordPart,
  tier: Tier = 'cold',
  out: Uint8Array = new Uint8Array(mostBlockBytes(table)),
): Generator<Uint8Array> {
  const { offset, bytes } = partOf(table, part, tier);
  let to = 0;
  for (const { place, first, count, endsBlock } of runsOf(table, ranges, tier, blockRows(bytes))) {
    const { records, section } = place;
    const { recordBytes } = section.layout;
    let at = recordAt(section, first) + offset;
    for (let i = 0; i < count; i++, at += recordBytes, to += bytes) {
      if (bytes < FEW_BYTES) for (let j = 0; j < bytes; j++) out[to + j] = records[at + j];
      else out.set(records.subarray(at, at + bytes), to);
    }
    if (!endsBlock) continue;
    yield out.subarray(0, to);
    to = 0;
  }
  if (to > 0) yield out.subarray(0, to);
}

/**
 * Writes a part of the records of those of the given rows that are of a tier, and marks these as written. `next` gives
 * the bytes of n rows.
 */
export async function writeRecords(
  table: TableMemory,
  ranges: Uint32Array,
  part: RecordPart,
  next: (firstByte: number, byteLength: number) => Promise<Uint8Array>,
  tier: Tier = 'cold',
): Promise<void> {
  const { offset, bytes } = partOf(table, part, tier);
  const total = rowsOfTier(table, ranges, tier);
  const most = blockRows(bytes);
  let source: Uint8Array = new Uint8Array(0);
  let from = 0;
  let done = 0;
  for (const { place, first, count, endsBlock } of runsOf(table, ranges, tier, most)) {
    if (from === 0) source = await next(done * bytes, Math.min(most, total - done) * bytes);
    const { records, written, section } = place;
    const { recordBytes } = section.layout;
    let at = recordAt(section, first) + offset;
    for (let i = 0; i < count; i++, at += recordBytes, from += bytes) {
      if (bytes < FEW_BYTES) for (let j = 0; j < bytes; j++) records[at + j] = source[from + j];
      else records.set(source.subarray(from, from + bytes), at);
      const local = first + i - section.firstRow;
      written[local >>> 5] |= 1 << (local & 31);
    }
    done += count;
    if (endsBlock) from = 0;
  }
}

/** Rows of ranges, pairs (first row, number of rows). */
export function rowsIn(ranges: Uint32Array): number {
  let rows = 0;
  for (let r = 1; r < ranges.length; r += 2) rows += ranges[r];
  return rows;
}

/** Bits of a word that are 1. */
function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Whether the last row of a bitmap's word is written, of those that the section has. */
function lastBit(bits: number, { rows }: Section, word: number): number {
  return (bits >>> Math.min(31, rows - 1 - 32 * word)) & 1;
}

/** A section's memory. */
interface SectionBytes {
  section: Section;
  records: Uint8Array;
  written: Uint32Array;
}

/** All sections of a table, ascending. */
function sectionsOf({ plans, memories }: TableMemory): SectionBytes[] {
  return plans.flatMap(({ sections }, i) => {
    const { buffer } = memories[i];
    return sections.map((section) => ({
      section,
      records: new Uint8Array(buffer),
      written: new Uint32Array(buffer, section.written, Math.ceil(section.rows / 32)),
    }));
  });
}

function recordAt({ records, firstRow, layout }: Section, row: number): number {
  return records + (row - firstRow) * layout.recordBytes;
}

/** Consecutive rows of one section, and whether a block is full with them. Lent until the next one. */
interface RowRun {
  place: SectionBytes;
  first: number;
  count: number;
  endsBlock: boolean;
}

/** The ranges as far as they are of a tier, cut at sections and after every `most` rows, which are a block. */
function* runsOf(table: TableMemory, ranges: Uint32Array, tier: Tier, most: number): Generator<RowRun> {
  const sections = sectionsOf(table);
  // One object for all of them: there may be as many runs as rows.
  const run: RowRun = { place: sections[0], first: 0, count: 0, endsBlock: false };
  let rows = 0;
  let at = 0;
  for (let r = 0; r < ranges.length; r += 2) {
    const end = ranges[r] + ranges[r + 1];
    for (let row = ranges[r]; row < end; ) {
      while (row >= sections[at].section.firstRow + sections[at].section.rows) at++;
      const { section } = sections[at];
      const count = Math.min(end, section.firstRow + section.rows) - row;
      if (section.tier !== tier) {
        row += count;
        continue;
      }
      run.place = sections[at];
      run.first = row;
      run.count = Math.min(most - rows, count);
      rows += run.count;
      row += run.count;
      run.endsBlock = rows === most;
      if (run.endsBlock) rows = 0;
      yield run;
    }
  }
}
