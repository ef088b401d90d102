// Where packed rows lie: shared memories of at most 2 GiB, which the lookup kernels read. Rows come in parts, one file each,
// and a part lies in one memory. Behind the rows each thread has a scratch area: a list of rows, and values.
import { PAGE_BYTES, pagesOf } from '../../kernels/pages.js';
import type { SharedMemory } from '../../kernels/shared-memory.js';
import { CHUNK_ROWS, MAX_SHARD_BYTES } from '../shard.js';
import { type PackedTableInfo, rowArrays, sharedArrays } from './packed-format.js';

/** Rows of a group, by their numbers in it. */
export interface PackedPart {
  readonly group: number;
  readonly first: number;
  readonly rows: number;
}

/** Consecutive parts of one group in one memory. */
export interface PackedPlace extends PackedPart {
  readonly memory: number;
  /** Addresses of its arrays: those of rows (where its first row is), then shared ones. */
  readonly arrays: readonly number[];
}

/** What threads share of a packed table; may be sent to a worker. */
export interface PackedMemory {
  readonly kind: 'packed';
  readonly info: PackedTableInfo;
  readonly places: readonly PackedPlace[];
  readonly memories: readonly SharedMemory[];
  /** Per memory, where the first thread's scratch area is. */
  readonly scratch: readonly number[];
}

/** Lookups may read so much behind a row, and addresses are aligned to it. */
const SLACK = 16;

const align = (address: number) => Math.ceil(address / SLACK) * SLACK;

/** Bytes of a thread's scratch area. */
export function packedScratchBytes(dim: number): number {
  return align(4 * CHUNK_ROWS) + align(4 * CHUNK_ROWS * dim);
}

export interface PackedPlan {
  places: PackedPlace[];
  scratch: number[];
  /** Per memory. */
  pages: number[];
}

/**
 * Lays parts out.
 *
 * @param parts of each group ascending and without gaps
 * @param memoryBytes smaller than 2 GiB only in tests
 * @throws RangeError for a part that fits no memory
 */
export function planPacked(
  { groups, dim }: PackedTableInfo,
  parts: readonly PackedPart[],
  threads: number,
  memoryBytes = MAX_SHARD_BYTES,
): PackedPlan {
  const room = memoryBytes - threads * packedScratchBytes(dim) - PAGE_BYTES;
  /** Per memory, its places so far, without addresses. */
  const memories: PackedPart[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const part of parts) {
    const own = placeBytes(part);
    if (own > room)
      throw new RangeError(`${part.rows} rows of ${own} bytes fit no memory of ${memoryBytes}.`);
    const last = memories.at(-1)?.at(-1);
    if (last?.group === part.group && used + own <= room) {
      memories[memories.length - 1].push({ ...last, rows: last.rows + part.rows });
      memories[memories.length - 1].splice(-2, 1);
      used += own;
    } else if (used + own <= room) {
      memories[memories.length - 1].push(part);
      used += own;
    } else {
      memories.push([part]);
      used = own;
    }
  }
  const plan: PackedPlan = { places: [], scratch: [], pages: [] };
  for (const [memory, places] of memories.entries()) {
    let end = 0;
    const take = (bytes: number) => {
      const address = end;
      end = align(end + bytes + SLACK);
      return address;
    };
    for (const place of places) {
      const { format } = groups[place.group];
      const arrays = [
        ...rowArrays(format, dim).map(({ rowBytes }) => take(place.rows * rowBytes)),
        ...sharedArrays(format, dim).map(({ bytes }) => take(bytes)),
      ];
      plan.places.push({ ...place, memory, arrays });
    }
    plan.scratch.push(end);
    plan.pages.push(pagesOf(end + threads * packedScratchBytes(dim)));
  }
  return plan;

  function placeBytes({ group, rows }: PackedPart): number {
    const { format } = groups[group];
    const each = rowArrays(format, dim).map(({ rowBytes }) => rows * rowBytes + 2 * SLACK);
    const shared = sharedArrays(format, dim).map(({ bytes }) => bytes + 2 * SLACK);
    return [...each, ...shared].reduce((sum, bytes) => sum + bytes, 0);
  }
}

/** Bytes that `allocatePacked` takes. */
export function packedMemoryBytes({ pages }: PackedPlan): number {
  return pages.reduce((sum, count) => sum + count * PAGE_BYTES, 0);
}

/** Allocates the memories of a plan, without rows. */
export function allocatePacked(info: PackedTableInfo, { places, scratch, pages }: PackedPlan): PackedMemory {
  const memories = pages.map(
    (count) => new WebAssembly.Memory({ initial: count, maximum: count, shared: true }),
  );
  return { kind: 'packed', info, places, memories, scratch };
}
