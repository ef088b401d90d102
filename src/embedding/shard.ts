// One shard of a table: a shared memory that holds
//
//   header │ first rows of the vocabularies │ bitmap of written rows │ records │ one scratch area per thread
//   └ section ────────────────────────────────────────────────────────────────┘
//
// A table whose rows are not all stored alike (tiers.ts) has more sections behind the first, each with a header, a bitmap
// and records. A shard is at most 2 GiB; kernels read and write its rows where they lie.

import { HEADER_BYTES, NO_ONES, rangeNumbers, writeHeader } from '../kernels/header.js';
import { workBytes } from '../kernels/kernels.js';
import { PAGE_BYTES, pagesOf } from '../kernels/pages.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import { seedKey } from '../random/streams.js';
import { deviateScale } from '../random/uniform.js';
import type { RowLayout, Storage } from './layout.js';
import { type HotRows, type TierRun, type TierStorage, tierRuns, tierStorage } from './tiers.js';

/** Everything that fixes a table's memory and its initial rows. */
export interface TableSpec {
  name: string;
  /** The table's number, for random streams. */
  number: number;
  dim: number;
  /** First row of each vocabulary, then V: row = offset + id. With pairs, of their two parts (pairs.ts). */
  offsets: readonly number[];
  storage: Storage;
  /** Of rows that are not hot. */
  layout: RowLayout;
  /** Where the storage has hot rows: which, and their records. */
  hot?: HotRows;
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

/** Where things lie in a shard. */
export interface ShardPlan {
  firstRow: number;
  rows: number;
  /** In the order of their rows. */
  sections: Section[];
  offsets: number;
  /** Address of thread 0's scratch area; thread t's is `t·scratchBytes` further. */
  scratch: number;
  scratchBytes: number;
  pages: number;
}

/** Rows of a shard that are stored alike, with what kernels have to know of them. */
export interface Section extends TierRun, TierStorage {
  header: number;
  written: number;
  records: number;
}

/** What a section takes beside records and bitmap, at most: its header, and alignment in four places. */
const SECTION_BYTES = HEADER_BYTES + 64;

function planShard(spec: TableSpec, runs: readonly TierRun[]): ShardPlan {
  const offsets = HEADER_BYTES;
  let end = offsets + 4 * spec.offsets.length;
  const sections: Section[] = [];
  for (const [i, run] of runs.entries()) {
    const storage = tierStorage(spec, run.tier);
    const header = i === 0 ? 0 : align(end);
    const written = align(i === 0 ? end : header + HEADER_BYTES);
    const records = align(written + 4 * Math.ceil(run.rows / 32));
    end = records + run.rows * storage.layout.recordBytes;
    sections.push({ ...run, ...storage, header, written, records });
  }
  const scratch = align(end);
  const scratchBytes = scratchAt(0, spec.dim).end;
  const pages = pagesOf(scratch + spec.threads * scratchBytes);
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  return { firstRow: runs[0]?.firstRow ?? 0, rows, sections, offsets, scratch, scratchBytes, pages };
}

/** The shards of a table: each filled before the next begins, so that without tiers all but the last are alike. */
export function planShards(spec: TableSpec): ShardPlan[] {
  // A page and some alignment of slack, so that rounding up never passes the limit.
  const room = spec.shardBytes - planShard(spec, []).pages * PAGE_BYTES - PAGE_BYTES;
  const plans: ShardPlan[] = [];
  let runs: TierRun[] = [];
  let left = room;
  for (const { tier, firstRow, rows } of tierRuns(spec)) {
    const rowBytes = tierStorage(spec, tier).layout.recordBytes + 1 / 8;
    for (let done = 0; done < rows; ) {
      const fitting = Math.floor((left - (runs.length > 0 ? SECTION_BYTES : 0)) / rowBytes);
      const count = Math.min(rows - done, fitting);
      if (count < 1) {
        if (runs.length === 0) {
          throw new RangeError(`A shard of ${spec.shardBytes} bytes has no room for a row.`);
        }
        plans.push(planShard(spec, runs));
        runs = [];
        left = room;
        continue;
      }
      left -= count * rowBytes + (runs.length > 0 ? SECTION_BYTES : 0);
      runs.push({ tier, firstRow: firstRow + done, rows: count });
      done += count;
    }
  }
  if (runs.length > 0) plans.push(planShard(spec, runs));
  return plans;
}

/** Allocates a shard: zero bytes (no row written, fresh optimizer state), headers and offsets. */
export function createShard(spec: TableSpec, plan: ShardPlan): SharedMemory {
  const memory = new WebAssembly.Memory({ initial: plan.pages, maximum: plan.pages, shared: true });
  const [seedLow, seedHigh] = seedKey(spec.seed);
  for (const { bits, tableStep, layout, firstRow, header, written, records } of plan.sections) {
    const fields = {
      dim: spec.dim,
      bits,
      recordBytes: layout.recordBytes,
      stepOffset: layout.stepOffset,
      tableStep,
      firstRow,
      written,
      records,
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
    };
    writeHeader(memory, fields, header);
  }
  new Uint32Array(memory.buffer, plan.offsets, spec.offsets.length).set(spec.offsets);
  return memory;
}
