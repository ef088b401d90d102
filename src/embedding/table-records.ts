// A table's records as bytes, for checkpoints: which rows were ever written, and their codes, steps and optimizer
// state, out of memory and back in. The state stays opaque. Only while no thread updates the table.
import type { ShardPlan } from './shard.js';
import type { TableMemory } from './table-memory.js';

/** What of a record is meant, in the order of the record. */
export const recordParts = ['codes', 'steps', 'state'] as const;
export type RecordPart = (typeof recordParts)[number];

/** Byte offset and length of a part within a record; length 0 where rows have none. */
export function partOf({ spec }: TableMemory, part: RecordPart): { offset: number; bytes: number } {
  const { codeBytes, stateOffset, recordBytes } = spec.layout;
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

/** Rows ever written, as pairs (first row, number of rows), ascending: bytes do not grow with untouched rows. */
export function writtenRanges(table: TableMemory): Uint32Array {
  const ranges: number[] = [];
  let end = -1;
  for (const [i, { plan, words }] of bitmaps(table).entries()) {
    for (let word = 0; word < words.length; word++) {
      const bits = words[word];
      if (bits === 0) continue;
      for (let bit = 0; bit < 32; bit++) {
        if (((bits >>> bit) & 1) === 0) continue;
        const row = table.plans[i].firstRow + word * 32 + bit;
        if (row === end) ranges[ranges.length - 1]++;
        else ranges.push(row, 1);
        end = row + 1;
      }
    }
    if (end > plan.firstRow + plan.rows) throw new Error('A row beyond the shard is marked as written.');
  }
  return Uint32Array.from(ranges);
}

/** Below, a loop copies faster than a call. */
const FEW_BYTES = 32;

/** Yields a part of the given rows' records, a block of about BLOCK_BYTES at a time, each an array of its own. */
export function* readRecords(
  table: TableMemory,
  ranges: Uint32Array,
  part: RecordPart,
): Generator<Uint8Array> {
  const { offset, bytes } = partOf(table, part);
  const { recordBytes } = table.spec.layout;
  for (const { rows, runs } of blocks(table, ranges, bytes)) {
    const out = new Uint8Array(rows * bytes);
    let to = 0;
    for (const { shard, first, count } of runs) {
      const { records, plan } = shard;
      let at = recordAt(table, plan, first) + offset;
      for (let i = 0; i < count; i++, at += recordBytes, to += bytes) {
        if (bytes < FEW_BYTES) for (let j = 0; j < bytes; j++) out[to + j] = records[at + j];
        else out.set(records.subarray(at, at + bytes), to);
      }
    }
    yield out;
  }
}

/** Writes a part of the given rows' records and marks the rows as written. `next` gives the bytes of n rows. */
export async function writeRecords(
  table: TableMemory,
  ranges: Uint32Array,
  part: RecordPart,
  next: (firstByte: number, byteLength: number) => Promise<Uint8Array>,
): Promise<void> {
  const { offset, bytes } = partOf(table, part);
  const { recordBytes } = table.spec.layout;
  let done = 0;
  for (const { rows, runs } of blocks(table, ranges, bytes)) {
    const source = await next(done * bytes, rows * bytes);
    let from = 0;
    for (const { shard, first, count } of runs) {
      const { records, written, plan } = shard;
      let at = recordAt(table, plan, first) + offset;
      for (let i = 0; i < count; i++, at += recordBytes, from += bytes) {
        if (bytes < FEW_BYTES) for (let j = 0; j < bytes; j++) records[at + j] = source[from + j];
        else records.set(source.subarray(from, from + bytes), at);
        const local = first + i - plan.firstRow;
        written[local >>> 5] |= 1 << (local & 31);
      }
    }
    done += rows;
  }
}

function bitmaps(table: TableMemory): { plan: ShardPlan; words: Uint32Array }[] {
  return table.plans.map((plan, i) => ({
    plan,
    words: new Uint32Array(table.memories[i].buffer, plan.written, Math.ceil(plan.rows / 32)),
  }));
}

function recordAt({ spec }: TableMemory, plan: ShardPlan, row: number): number {
  return plan.records + (row - plan.firstRow) * spec.layout.recordBytes;
}

/** Consecutive rows of one shard. */
interface RowRun {
  shard: ShardBytes;
  first: number;
  count: number;
}

interface ShardBytes {
  plan: ShardPlan;
  records: Uint8Array;
  written: Uint32Array;
}

/** Bytes of a block: one write to a file, whether the rows lie together or far apart. */
const BLOCK_BYTES = 1 << 20;

/** The ranges, cut at shards, in blocks of as many rows as BLOCK_BYTES hold. */
function* blocks(
  table: TableMemory,
  ranges: Uint32Array,
  bytes: number,
): Generator<{ rows: number; runs: RowRun[] }> {
  const shards = bitmaps(table).map(
    ({ plan, words }, i): ShardBytes => ({
      plan,
      written: words,
      records: new Uint8Array(table.memories[i].buffer),
    }),
  );
  const most = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, bytes)));
  let rows = 0;
  let runs: RowRun[] = [];
  for (let r = 0; r < ranges.length; r += 2) {
    const end = ranges[r] + ranges[r + 1];
    for (let row = ranges[r]; row < end; ) {
      const shard = shards[Math.floor(row / table.plans[0].rows)];
      const count = Math.min(most - rows, end - row, shard.plan.firstRow + shard.plan.rows - row);
      runs.push({ shard, first: row, count });
      rows += count;
      row += count;
      if (rows < most) continue;
      yield { rows, runs };
      rows = 0;
      runs = [];
    }
  }
  if (rows > 0) yield { rows, runs };
}
