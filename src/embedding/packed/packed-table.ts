// A packed table as one thread reads it: rows in any order, a chunk at a time, through the lookup kernels.
import type { Kernels } from '../../kernels/kernels.js';
import { wasmKernels } from '../../kernels/load.js';
import type { SharedMemory } from '../../kernels/shared-memory.js';
import { fromHalf } from '../../quantization/half.js';
import { packedBytes } from '../../quantization/packing.js';
import type { RowValues } from '../row-values.js';
import { CHUNK_ROWS } from '../shard.js';
import { type GroupRun, type RowFormat, rowArrays } from './packed-format.js';
import { type PackedMemory, type PackedPlace, packedScratchBytes } from './packed-memory.js';

/** Where a row's step and bias are: addresses of row 0's, 0 where rows have none. */
interface Sides {
  steps: number;
  biases: number;
  stride: number;
  bytes: number;
}

/** A thread's place of some rows. */
interface Place extends PackedPlace {
  list: Uint32Array;
  listAt: number;
  values: Float32Array;
  sides: Sides | null;
  view: DataView;
  /** Values of the first `count` rows of the list, into `values`. */
  look(count: number): void;
}

/** One thread's access to a packed table. */
export class PackedTable implements RowValues {
  readonly dim: number;
  readonly rows: number;
  private readonly places: Place[];
  private readonly runs: readonly GroupRun[];
  /** Per run, the number of its first row in its group. */
  private readonly runStarts: number[];
  /** Where each row of a list is, while there is more than one place. */
  private placeOf = new Uint8Array(0);
  private localOf = new Uint32Array(0);

  /** @param createKernels the kernels of a memory; the reference ones make a slow oracle */
  constructor(
    private readonly shared: PackedMemory,
    thread: number,
    createKernels: (memory: SharedMemory) => Kernels = wasmKernels,
  ) {
    const { info, places, memories, scratch } = shared;
    this.dim = info.dim;
    this.rows = info.rows;
    this.runs = info.runs;
    const groupRows = info.groups.map(() => 0);
    this.runStarts = info.runs.map(({ group, rows }) => {
      groupRows[group] += rows;
      return groupRows[group] - rows;
    });
    const kernels = memories.map(createKernels);
    const scratchBytes = packedScratchBytes(info.dim);
    this.places = places.map((place) => {
      const { buffer } = memories[place.memory];
      const listAt = scratch[place.memory] + thread * scratchBytes;
      const valuesAt = listAt + 4 * CHUNK_ROWS;
      const { format } = info.groups[place.group];
      const look = lookup(kernels[place.memory], format, info.dim, place.arrays, listAt, valuesAt);
      return {
        ...place,
        listAt,
        list: new Uint32Array(buffer, listAt, CHUNK_ROWS),
        values: new Float32Array(buffer, valuesAt, CHUNK_ROWS * info.dim),
        sides: sidesOf(format, info.dim, place.arrays),
        view: new DataView(buffer),
        look,
      };
    });
  }

  read(rows: Uint32Array, values: Float32Array): void {
    const { dim, places } = this;
    if (places.length === 1) {
      const [{ list, look, values: found }] = places;
      for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
        const some = rows.subarray(from, from + CHUNK_ROWS);
        list.set(some);
        look(some.length);
        values.set(found.subarray(0, some.length * dim), from * dim);
      }
      return;
    }
    this.locate(rows);
    for (const [number, place] of places.entries()) {
      for (let from = 0; from < rows.length; ) from = this.readSome(rows.length, number, place, from, values);
    }
  }

  readSteps(rows: Uint32Array, steps: Float32Array): void {
    this.readSide('steps', rows, steps);
  }

  readBiases(rows: Uint32Array, biases: Float32Array): void {
    this.readSide('biases', rows, biases);
  }

  /** Reads a chunk of those rows of the list that are in a place, from one on. @returns the next one to look at */
  private readSome(count: number, number: number, place: Place, from: number, values: Float32Array): number {
    const { dim, placeOf, localOf } = this;
    const { list, values: found } = place;
    let at = from;
    let length = 0;
    for (; at < count && length < CHUNK_ROWS; at++) if (placeOf[at] === number) list[length++] = localOf[at];
    if (length === 0) return at;
    place.look(length);
    for (let i = from, read = 0; i < at; i++) {
      if (placeOf[i] !== number) continue;
      for (let j = 0, to = i * dim; j < dim; j++, to++, read++) values[to] = found[read];
    }
    return at;
  }

  /** Sets `placeOf` and `localOf` of rows. */
  private locate(rows: Uint32Array): void {
    const { runs, runStarts, places } = this;
    if (rows.length > this.localOf.length) {
      this.placeOf = new Uint8Array(rows.length);
      this.localOf = new Uint32Array(rows.length);
    }
    for (let i = 0; i < rows.length; i++) {
      let low = 0;
      for (let high = runs.length; high - low > 1; ) {
        const middle = (low + high) >>> 1;
        if (runs[middle].firstRow <= rows[i]) low = middle;
        else high = middle;
      }
      const { firstRow, group } = runs[low];
      const row = runStarts[low] + rows[i] - firstRow;
      let number = 0;
      while (places[number].group !== group || row >= places[number].first + places[number].rows) number++;
      this.placeOf[i] = number;
      this.localOf[i] = row - places[number].first;
    }
  }

  private readSide(side: 'steps' | 'biases', rows: Uint32Array, out: Float32Array): void {
    this.locate(rows);
    for (let i = 0; i < rows.length; i++) {
      const { sides, view, group } = this.places[this.placeOf[i]];
      const { format } = this.shared.info.groups[group];
      const tableStep = format.kind === 'steps' ? (format.tableStep ?? 1) : 1;
      out[i] = side === 'steps' ? tableStep : 0;
      if (!sides || sides[side] === 0) continue;
      const at = sides[side] + this.localOf[i] * sides.stride;
      out[i] = sides.bytes === 2 ? fromHalf(view.getUint16(at, true)) : view.getFloat32(at, true);
    }
  }
}

/** Of rows that have steps and biases. In fused rows they stand behind the codes. */
function sidesOf(format: RowFormat, dim: number, arrays: readonly number[]): Sides | null {
  const [{ rowBytes: stride }] = rowArrays(format, dim);
  switch (format.kind) {
    case 'values':
      return null;
    case 'steps': {
      const { bits, tableStep, stepBytes, isAffine } = format;
      const at = arrays[0] + packedBytes(dim, bits);
      const biases = tableStep === null ? at + stepBytes : at;
      return { steps: tableStep === null ? at : 0, biases: isAffine ? biases : 0, stride, bytes: stepBytes };
    }
    case 'quantized': {
      const { kind, bits, side } = format.format;
      if (kind !== 'affine') return null;
      const bytes = side === 'fp16' ? 2 : 4;
      if (format.layout === 'bitrow-rows')
        return { steps: arrays[1], biases: arrays[2], stride: bytes, bytes };
      const at = arrays[0] + packedBytes(dim, bits);
      return { steps: at, biases: at + bytes, stride, bytes };
    }
    default:
      return format satisfies never;
  }
}

/** The lookup of a group's rows, by how they are stored. */
function lookup(
  kernels: Kernels,
  format: RowFormat,
  dim: number,
  arrays: readonly number[],
  list: number,
  out: number,
): (count: number) => void {
  const [codes] = arrays;
  const [{ rowBytes: stride }, second] = rowArrays(format, dim);
  const sides = sidesOf(format, dim, arrays);
  switch (format.kind) {
    case 'values':
      return (count) => kernels.lookupValues(codes, stride, dim, list, count, out);
    case 'steps': {
      const { bits, tableStep, isAffine } = format;
      const { steps, biases, stride: each, bytes } = sides ?? { steps: 0, biases: 0, stride: 0, bytes: 4 };
      const origin = isAffine ? 0 : 2 ** (bits - 1);
      const step = tableStep ?? 1;
      return (count) =>
        kernels.lookupSteps(
          codes,
          stride,
          steps,
          biases,
          each,
          bytes,
          step,
          origin,
          bits,
          dim,
          list,
          count,
          out,
        );
    }
    case 'quantized': {
      const { bits, side, kind } = format.format;
      if (sides) {
        const { steps, biases, stride: each, bytes } = sides;
        return (count) =>
          kernels.lookupAffine(codes, stride, steps, biases, each, bytes, 0, bits, dim, list, 0, count, out);
      }
      const bytes = side === 'fp16' ? 2 : 4;
      const [books, clusters, clusterBytes] =
        kind === 'codebook' ? [arrays[1], 0, 0] : [arrays[2], arrays[1], second.rowBytes];
      return (count) =>
        kernels.lookupCodebook(
          codes,
          stride,
          books,
          bytes,
          clusters,
          clusterBytes,
          bits,
          dim,
          list,
          0,
          count,
          out,
        );
    }
    default:
      return format satisfies never;
  }
}
