// How one thread goes through the rows of a table: a list of rows may cross shards, and is cut into chunks of one shard
// whose values fit the thread's scratch area there; a range of rows is cut into runs.
import type { Kernels } from '../kernels/kernels.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import { CHUNK_ROWS, type Scratch, type ShardPlan, scratchAt } from './shard.js';
import type { TableMemory } from './table-memory.js';

/** A thread's place in one shard. */
export interface Place {
  readonly kernels: Kernels;
  readonly memory: SharedMemory;
  readonly plan: ShardPlan;
  readonly scratch: Scratch;
}

/** Rows of a list that lie in one shard, already copied to the scratch area. */
export interface Chunk extends Place {
  /** Position in the caller's list. */
  readonly from: number;
  readonly count: number;
}

/** One thread's places in all shards of a table. */
export class Chunks {
  private readonly places: Place[];
  private readonly shardRows: number;

  constructor(
    { spec, plans, memories }: TableMemory,
    thread: number,
    createKernels: (memory: SharedMemory) => Kernels,
  ) {
    this.shardRows = plans[0]?.rows ?? 1;
    this.places = plans.map((plan, i) => {
      const memory = memories[i];
      const kernels = createKernels(memory);
      const scratch = scratchAt(plan.scratch + thread * plan.scratchBytes, spec.dim);
      kernels.bind(scratch.work);
      return { kernels, memory, plan, scratch };
    });
  }

  get first(): Place {
    return this.places[0];
  }

  /** Calls `visit` for each longest run of a list in one shard, at most CHUNK_ROWS of it. Rows should be sorted. */
  each(rows: Uint32Array, visit: (chunk: Chunk) => void): void {
    for (let from = 0; from < rows.length; ) {
      const place = this.places[Math.floor(rows[from] / this.shardRows)];
      const last = Math.min(rows.length, from + CHUNK_ROWS);
      const first = place.plan.firstRow;
      const end = first + place.plan.rows;
      let to = from + 1;
      while (to < last && rows[to] >= first && rows[to] < end) to++;
      const count = to - from;
      new Uint32Array(place.memory.buffer, place.scratch.rows, count).set(rows.subarray(from, to));
      visit({ ...place, from, count });
      from = to;
    }
  }

  /** Calls `visit` for rows first … end − 1, at most `most` of one shard at a time. */
  eachRun(
    first: number,
    end: number,
    most: number,
    visit: (place: Place, row: number, count: number) => void,
  ): void {
    for (const place of this.places) {
      const last = Math.min(end, place.plan.firstRow + place.plan.rows);
      for (let row = Math.max(first, place.plan.firstRow); row < last; row += most) {
        visit(place, row, Math.min(most, last - row));
      }
    }
  }
}

/** The chunk's part of `source` (n, width), to an address of its shard. */
export function copyIn(
  { memory, from, count }: Chunk,
  address: number,
  width: number,
  source: Float32Array,
): void {
  const part = source.subarray(from * width, (from + count) * width);
  new Float32Array(memory.buffer, address, part.length).set(part);
}

/** The chunk's part of `target` (n, width), from an address of its shard. */
export function copyOut(
  { memory, from, count }: Chunk,
  address: number,
  width: number,
  target: Float32Array,
): void {
  target.set(new Float32Array(memory.buffer, address, count * width), from * width);
}
