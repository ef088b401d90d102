// One shard of a table: a shared memory that holds
//
//   header │ first rows of the vocabularies │ bitmap of written rows │ records │ one scratch area per thread
//
// A shard is at most 2 GiB; kernels read and write its rows where they lie.

import { HEADER_BYTES, NO_ONES, rangeNumbers, writeHeader } from '../kernels/header.js';
import { workBytes } from '../kernels/kernels.js';
import { PAGE_BYTES, pagesOf } from '../kernels/pages.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import { seedKey } from '../random/streams.js';
import { deviateScale } from '../random/uniform.js';
import type { RowLayout, Storage } from './layout.js';

/** Everything that fixes a table's memory and its initial rows. */
export interface TableSpec {
  name: string;
  /** The table's number, for random streams. */
  number: number;
  dim: number;
  /** First row of each vocabulary, then V: row = offset + id. With pairs, of their two parts (pairs.ts). */
  offsets: readonly number[];
  storage: Storage;
  layout: RowLayout;
  seed: number;
  /** Standard deviation of initial values. */
  deviation: number;
  /** Rows from here on begin around 1 instead of 0; absent: none. */
  onesFrom?: number;
  threads: number;
  /** Largest size of a shard; 2 GiB unless a test wants many small ones. */
  shardBytes: number;
}

/** Largest size of a shard: what the kernels' memory is declared with (scripts/build.mjs). */
export const MAX_SHARD_BYTES = 2 ** 31;

/** Rows that go through a kernel at a time: their values, gradients and changes stay in the second-level cache. */
export const CHUNK_ROWS = 1024;

/** V. */
export function tableRows(spec: TableSpec): number {
  return spec.offsets[spec.offsets.length - 1];
}

/** Addresses within one thread's scratch area: three (CHUNK_ROWS, D) blocks, three (CHUNK_ROWS) lists and the rows. */
export interface Scratch {
  work: number;
  rows: number;
  blocks: [number, number, number];
  lists: [number, number, number];
  end: number;
}

const align = (address: number) => Math.ceil(address / 16) * 16;

/** Lays out a thread's scratch area from the address `start`, for width D. */
export function scratchAt(start: number, dim: number): Scratch {
  let end = align(start);
  const take = (bytes: number) => {
    const address = end;
    end = align(end + bytes);
    return address;
  };
  const block = 4 * dim * CHUNK_ROWS;
  return {
    work: take(workBytes(dim)),
    rows: take(4 * CHUNK_ROWS),
    blocks: [take(block), take(block), take(block)],
    lists: [take(4 * CHUNK_ROWS), take(4 * CHUNK_ROWS), take(4 * CHUNK_ROWS)],
    end,
  };
}

/** Where things lie in a shard of `rows` rows. */
export interface ShardPlan {
  firstRow: number;
  rows: number;
  offsets: number;
  written: number;
  records: number;
  /** Address of thread 0's scratch area; thread t's is `t·scratchBytes` further. */
  scratch: number;
  scratchBytes: number;
  pages: number;
}

function planShard(spec: TableSpec, firstRow: number, rows: number): ShardPlan {
  const offsets = HEADER_BYTES;
  const written = align(offsets + 4 * spec.offsets.length);
  const records = align(written + 4 * Math.ceil(rows / 32));
  const scratch = align(records + rows * spec.layout.recordBytes);
  const scratchBytes = scratchAt(0, spec.dim).end;
  const pages = pagesOf(scratch + spec.threads * scratchBytes);
  return { firstRow, rows, offsets, written, records, scratch, scratchBytes, pages };
}

/** The shards of a table: all of the same number of rows, the last one fewer. */
export function planShards(spec: TableSpec): ShardPlan[] {
  const rows = tableRows(spec);
  const fixed = planShard(spec, 0, 0).pages * PAGE_BYTES;
  const perRow = spec.layout.recordBytes + 1 / 8;
  // A page and some alignment of slack, so that rounding up never passes the limit.
  const shardRows = Math.floor((spec.shardBytes - fixed - PAGE_BYTES) / perRow);
  if (shardRows < 1) throw new RangeError(`A shard of ${spec.shardBytes} bytes has no room for a row.`);
  const plans: ShardPlan[] = [];
  for (let first = 0; first < rows; first += shardRows) {
    plans.push(planShard(spec, first, Math.min(shardRows, rows - first)));
  }
  return plans;
}

/** Allocates a shard: zero bytes (no row written, fresh optimizer state), header and offsets. */
export function createShard(spec: TableSpec, plan: ShardPlan): SharedMemory {
  const memory = new WebAssembly.Memory({ initial: plan.pages, maximum: plan.pages, shared: true });
  const [seedLow, seedHigh] = seedKey(spec.seed);
  writeHeader(memory, {
    dim: spec.dim,
    bits: spec.storage.bits,
    recordBytes: spec.layout.recordBytes,
    stepOffset: spec.layout.stepOffset,
    tableStep: spec.storage.tableStep,
    firstRow: plan.firstRow,
    written: plan.written,
    records: plan.records,
    offsets: plan.offsets,
    vocabularies: spec.offsets.length - 1,
    seedLow,
    seedHigh,
    tableNumber: spec.number,
    initialScale: deviateScale(spec.deviation),
    rowRange: spec.storage.range ? rangeNumbers[spec.storage.range] : 0,
    onesFrom: spec.onesFrom ?? NO_ONES,
    stepBytes: spec.storage.stepBytes ?? 4,
    nestedShift: spec.storage.nestedShift ?? 0,
  });
  new Uint32Array(memory.buffer, plan.offsets, spec.offsets.length).set(spec.offsets);
  return memory;
}
