// A table's records as bytes, for checkpoints: which rows were ever written, and their codes, steps and optimizer
// state, out of memory and back in. The state stays opaque. Only while no thread updates the table.
import type { Section } from './shard.js';
import type { TableMemory } from './table-memory.js';
import { type Tier, tierStorage } from './tiers.js';

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

/** Rows ever written, as pairs (first row, number of rows), ascending: bytes do not grow with untouched rows. */
export function writtenRanges(table: TableMemory): Uint32Array {
  const ranges: number[] = [];
  let end = -1;
  for (const { section, written } of sectionsOf(table)) {
    for (let word = 0; word < written.length; word++) {
      const bits = written[word];
      if (bits === 0) continue;
      for (let bit = 0; bit < 32; bit++) {
        if (((bits >>> bit) & 1) === 0) continue;
        const row = section.firstRow + word * 32 + bit;
        if (row === end) ranges[ranges.length - 1]++;
        else ranges.push(row, 1);
        end = row + 1;
      }
    }
    if (end > section.firstRow + section.rows) {
      throw new Error('A row beyond its section is marked as written.');
    }
  }
  return Uint32Array.from(ranges);
}

/** Below, a loop copies faster than a call. */
const FEW_BYTES = 32;

/** Of the given rows, how many are of a tier. */
export function rowsOfTier(table: TableMemory, ranges: Uint32Array, tier: Tier): number {
  let rows = 0;
  for (const { count } of rowRuns(table, ranges, tier)) rows += count;
  return rows;
}

/**
 * Yields a part of the records of those of the given rows that are of a tier, a block of about BLOCK_BYTES at a time,
 * each an array of its own.
 */
export function* readRecords(
  table: TableMemory,
  ranges: Uint32Array,
  part: RecordPart,
  tier: Tier = 'cold',
): Generator<Uint8Array> {
  const { offset, bytes } = partOf(table, part, tier);
  for (const { rows, runs } of blocks(table, ranges, tier, bytes)) {
    const out = new Uint8Array(rows * bytes);
    let to = 0;
    for (const { section, records, first, count } of runs) {
      const { recordBytes } = section.layout;
      let at = recordAt(section, first) + offset;
      for (let i = 0; i < count; i++, at += recordBytes, to += bytes) {
        if (bytes < FEW_BYTES) for (let j = 0; j < bytes; j++) out[to + j] = records[at + j];
        else out.set(records.subarray(at, at + bytes), to);
      }
    }
    yield out;
  }
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
  let done = 0;
  for (const { rows, runs } of blocks(table, ranges, tier, bytes)) {
    const source = await next(done * bytes, rows * bytes);
    let from = 0;
    for (const { section, records, written, first, count } of runs) {
      const { recordBytes } = section.layout;
      let at = recordAt(section, first) + offset;
      for (let i = 0; i < count; i++, at += recordBytes, from += bytes) {
        if (bytes < FEW_BYTES) for (let j = 0; j < bytes; j++) records[at + j] = source[from + j];
        else records.set(source.subarray(from, from + bytes), at);
        const local = first + i - section.firstRow;
        written[local >>> 5] |= 1 << (local & 31);
      }
    }
    done += rows;
  }
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

/** Consecutive rows of one section. */
interface RowRun extends SectionBytes {
  first: number;
  count: number;
}

/** The ranges, cut at sections, as far as they are of a tier. */
function* rowRuns(table: TableMemory, ranges: Uint32Array, tier: Tier): Generator<RowRun> {
  const sections = sectionsOf(table);
  let at = 0;
  for (let r = 0; r < ranges.length; r += 2) {
    const end = ranges[r] + ranges[r + 1];
    for (let first = ranges[r]; first < end; ) {
      while (first >= sections[at].section.firstRow + sections[at].section.rows) at++;
      const { section } = sections[at];
      const count = Math.min(end, section.firstRow + section.rows) - first;
      if (section.tier === tier) yield { ...sections[at], first, count };
      first += count;
    }
  }
}

/** Bytes of a block: one write to a file, whether the rows lie together or far apart. */
const BLOCK_BYTES = 1 << 20;

/** The runs of rows, in blocks of as many rows as BLOCK_BYTES hold. */
function* blocks(
  table: TableMemory,
  ranges: Uint32Array,
  tier: Tier,
  bytes: number,
): Generator<{ rows: number; runs: RowRun[] }> {
  const most = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, bytes)));
  let rows = 0;
  let runs: RowRun[] = [];
  for (const run of rowRuns(table, ranges, tier)) {
    const end = run.first + run.count;
    for (let first = run.first; first < end; ) {
      const count = Math.min(most - rows, end - first);
      runs.push({ ...run, first, count });
      rows += count;
      first += count;
      if (rows < most) continue;
      yield { rows, runs };
      rows = 0;
      runs = [];
    }
  }
  if (rows > 0) yield { rows, runs };
}
