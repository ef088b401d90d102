// A table's records as bytes, for checkpoints: which rows were ever written, and their codes, steps and optimizer
// state, out of memory and back in. The state stays opaque. Only while no thread updates the table.
import { CHUNK_ROWS, type ShardPlan } from './shard.js';
import type { TableMemory } from './table.js';

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

/** Yields a part of the given rows' records, a few thousand rows at a time. */
export function* readRecords(
  table: TableMemory,
  ranges: Uint32Array,
  part: RecordPart,
): Generator<Uint8Array> {
  const { offset, bytes } = partOf(table, part);
  for (const { memory, plan, first, count } of chunks(table, ranges)) {
    const out = new Uint8Array(count * bytes);
    const records = new Uint8Array(memory.buffer);
    let at = recordAt(table, plan, first) + offset;
    for (let i = 0; i < count; i++, at += table.spec.layout.recordBytes) {
      out.set(records.subarray(at, at + bytes), i * bytes);
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
  let done = 0;
  for (const { memory, plan, first, count } of chunks(table, ranges)) {
    const source = await next(done * bytes, count * bytes);
    const records = new Uint8Array(memory.buffer);
    const written = new Uint32Array(memory.buffer, plan.written, Math.ceil(plan.rows / 32));
    let at = recordAt(table, plan, first) + offset;
    for (let i = 0; i < count; i++, at += table.spec.layout.recordBytes) {
      records.set(source.subarray(i * bytes, (i + 1) * bytes), at);
      const local = first + i - plan.firstRow;
      written[local >>> 5] |= 1 << (local & 31);
    }
    done += count;
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

interface RowRun {
  memory: WebAssembly.Memory;
  plan: ShardPlan;
  first: number;
  count: number;
}

/** The ranges, cut at shards and to chunks. */
function* chunks(table: TableMemory, ranges: Uint32Array): Generator<RowRun> {
  for (let r = 0; r < ranges.length; r += 2) {
    const end = ranges[r] + ranges[r + 1];
    for (let row = ranges[r]; row < end; ) {
      const i = Math.floor(row / table.plans[0].rows);
      const plan = table.plans[i];
      const count = Math.min(4 * CHUNK_ROWS, end - row, plan.firstRow + plan.rows - row);
      yield { memory: table.memories[i], plan, first: row, count };
      row += count;
    }
  }
}
