// How one thread goes through the rows of a table: a list of rows may cross sections, and is cut into chunks of one
// section whose values fit the thread's scratch area in its shard; a range of rows is cut into runs.
import type { Kernels } from '../kernels/kernels.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import { CHUNK_ROWS, type Scratch, type Section, scratchAt } from './shard.js';
import type { TableMemory } from './table-memory.js';

/** A thread's place in one section. */
export interface Place {
  readonly kernels: Kernels;
  readonly memory: SharedMemory;
  readonly section: Section;
  readonly scratch: Scratch;
}

/** Rows of a list that lie in one section, already copied to the scratch area. */
export interface Chunk extends Place {
  /** Position in the caller's list. */
  readonly from: number;
  readonly count: number;
  /** (count), their positions in the caller's list, where they do not stand there side by side. */
  readonly positions?: Uint32Array;
}

/** One thread's places in all sections of a table, which share its scratch area in their shard. */
export class Chunks {
  private readonly places: Place[];

  constructor(
    { spec, plans, memories }: TableMemory,
    thread: number,
    createKernels: (memory: SharedMemory) => Kernels,
  ) {
    this.places = plans.flatMap((plan, i) => {
      const memory = memories[i];
      const scratch = scratchAt(plan.scratch + thread * plan.scratchBytes, spec.dim);
      return plan.sections.map((section) => {
        const kernels = createKernels(memory);
        kernels.bind(scratch.work, section.header);
        return { kernels, memory, section, scratch };
      });
    });
  }

  get first(): Place {
    return this.places[0];
  }

  /** Calls `visit` for each longest run of a list in one section, at most CHUNK_ROWS of it. Rows should be sorted. */
  each(rows: Uint32Array, visit: (chunk: Chunk) => void): void {
    for (let from = 0; from < rows.length; ) {
      const place = this.placeOf(rows[from]);
      const last = Math.min(rows.length, from + CHUNK_ROWS);
      const first = place.section.firstRow;
      const end = first + place.section.rows;
      let to = from + 1;
      while (to < last && rows[to] >= first && rows[to] < end) to++;
      const count = to - from;
      new Uint32Array(place.memory.buffer, place.scratch.rows, count).set(rows.subarray(from, to));
      visit({ ...place, from, count });
      from = to;
    }
  }

  /** The same of a list in any order, where `each` would visit a table of many sections row by row. */
  eachInAnyOrder(rows: Uint32Array, visit: (chunk: Chunk) => void): void {
    const { places } = this;
    if (places.length === 1 || isAscending(rows)) {
      this.each(rows, visit);
      return;
    }
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      const some = rows.subarray(from, from + CHUNK_ROWS);
      const numbers = Uint32Array.from(some, (row) => this.numberOf(row));
      const counts = new Uint32Array(places.length);
      for (const number of numbers) counts[number]++;
      for (const [number, place] of places.entries()) {
        const count = counts[number];
        if (count === 0) continue;
        const list = new Uint32Array(place.memory.buffer, place.scratch.rows, count);
        const positions = new Uint32Array(count);
        for (let i = 0, at = 0; at < count; i++) {
          if (numbers[i] !== number) continue;
          list[at] = some[i];
          positions[at++] = from + i;
        }
        visit({ ...place, from, count, positions });
      }
    }
  }

  /** Calls `visit` for rows first … end − 1, at most `most` of one section at a time. */
  eachRun(
    first: number,
    end: number,
    most: number,
    visit: (place: Place, row: number, count: number) => void,
  ): void {
    for (const place of this.places) {
      const last = Math.min(end, place.section.firstRow + place.section.rows);
      for (let row = Math.max(first, place.section.firstRow); row < last; row += most) {
        visit(place, row, Math.min(most, last - row));
      }
    }
  }

  private placeOf(row: number): Place {
    return this.places[this.numberOf(row)];
  }

  /** The last place that begins at `row` or before. */
  private numberOf(row: number): number {
    const { places } = this;
    let low = 0;
    for (let high = places.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (places[middle].section.firstRow <= row) low = middle;
      else high = middle;
    }
    return low;
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
  { memory, from, count, positions }: Chunk,
  address: number,
  width: number,
  target: Float32Array,
): void {
  const source = new Float32Array(memory.buffer, address, count * width);
  if (!positions) {
    target.set(source, from * width);
    return;
  }
  for (let i = 0, at = 0; i < count; i++) {
    for (let j = 0, to = positions[i] * width; j < width; j++, at++, to++) target[to] = source[at];
  }
}

function isAscending(rows: Uint32Array): boolean {
  for (let i = 1; i < rows.length; i++) if (rows[i] < rows[i - 1]) return false;
  return true;
}
