// The tables of `bitrow bench lookup`: PyTorch's fused rows, arrays of our own, rows around an origin, and codebooks.
import { wasmKernels } from '../kernels/load.js';
import type { LookupKernels } from '../kernels/lookup.js';
import { pagesOf } from '../kernels/pages.js';
import { referenceKernels } from '../kernels/reference.js';
import type { LayoutName } from '../posttraining/layouts/registry.js';
import { quantizeInMemory } from '../posttraining/quantized-table.js';
import type { QuantizedBits, RowSource, Side } from '../posttraining/quantizer.js';

export interface LookupTable {
  name: string;
  bits: QuantizedBits;
  /** Bytes that a lookup of one row reads. */
  rowBytes: number;
  /** PyTorch has lookups in these rows. */
  isTorchs: boolean;
  /** (bags, D), of the last run. */
  sums: Float32Array;
  /** Looks up ids (bags, each). @returns milliseconds */
  run(ids: Int32Array): number;
  /** @throws Error unless `sums` are those of the reference */
  verify(ids: Int32Array): void;
}

/** Addresses of the arrays given, and of what a lookup needs beside them. */
interface Places {
  arrays: number[];
  rows: number;
  offsets: number;
  out: number;
}

type Look = (kernels: LookupKernels, at: Places) => void;

/** Tables of values (V, dim), for lookups of (bags, each). */
export async function lookupTables(
  values: Float32Array,
  dim: number,
  bags: number,
  each: number,
): Promise<LookupTable[]> {
  const rows = values.length / dim;
  const source: RowSource = {
    name: 'rows',
    rows,
    dim,
    async read(first, out) {
      out.set(values.subarray(first * dim, first * dim + out.length));
    },
  };
  const quantized = async (bits: QuantizedBits, layout: LayoutName, side?: Side) =>
    (await quantizeInMemory(source, { method: 'minmax', bits, layout, side })).table.arrays.map(bytesOf);
  const shape = { dim, bags, each };
  const tables: LookupTable[] = [];
  for (const bits of [8, 4, 2] as const) {
    const sideBytes = bits === 8 ? 4 : 2;
    const codeBytes = (dim * bits) / 8;
    const rowBytes = codeBytes + 2 * sideBytes;
    const look: Look = ({ lookupAffine }, { arrays: [fused], rows, offsets, out }) => {
      const side = [fused + codeBytes, fused + codeBytes + sideBytes, rowBytes, sideBytes, 0] as const;
      lookupAffine(fused, rowBytes, ...side, bits, dim, rows, offsets, bags, out);
    };
    const arrays = await quantized(bits, 'torch-rows');
    const name = `torch-rows, ${bits} bits`;
    tables.push(tableOf(arrays, shape, look, { name, bits, rowBytes, isTorchs: true }));
  }
  for (const sideBytes of [4, 2] as const) {
    const side = sideBytes === 4 ? 'fp32' : 'fp16';
    const look: Look = ({ lookupAffine }, { arrays: [codes, scales, biases], rows, offsets, out }) =>
      lookupAffine(codes, dim / 2, scales, biases, sideBytes, sideBytes, 0, 4, dim, rows, offsets, bags, out);
    const arrays = await quantized(4, 'bitrow-rows', side);
    const what = { bits: 4, rowBytes: dim / 2 + 2 * sideBytes, isTorchs: false } as const;
    tables.push(tableOf(arrays, shape, look, { name: `arrays, 4 bits, ${side}`, ...what }));
  }
  const [codes] = await quantized(4, 'bitrow-rows');
  const look: Look = ({ lookupCodebook }, { arrays: [from, books], rows, offsets, out }) =>
    lookupCodebook(from, dim / 2, books, 2, 0, 0, 4, dim, rows, offsets, bags, out);
  // Any halves between 1 and 2: what a lookup costs does not depend on them.
  const books = new Uint8Array(
    Uint16Array.from({ length: rows * 16 }, (_, i) => 0x3c00 + ((i * 37) % 1024)).buffer,
  );
  const what = { bits: 4, rowBytes: dim / 2 + 32, isTorchs: false } as const;
  tables.push(tableOf([codes, books], shape, look, { name: 'codebooks, 4 bits, fp16', ...what }));
  return tables;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function tableOf(
  arrays: readonly Uint8Array[],
  { dim, bags, each }: { dim: number; bags: number; each: number },
  look: Look,
  what: Pick<LookupTable, 'name' | 'bits' | 'rowBytes' | 'isTorchs'>,
): LookupTable {
  let end = 64;
  const take = (bytes: number) => {
    const at = end;
    end = Math.ceil((at + bytes + 4) / 64) * 64;
    return at;
  };
  const places: Places = {
    arrays: arrays.map(({ length }) => take(length)),
    rows: take(4 * bags * each),
    offsets: take(4 * (bags + 1)),
    out: take(4 * bags * dim),
  };
  const pages = pagesOf(end);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  for (const [i, array] of arrays.entries()) new Uint8Array(memory.buffer).set(array, places.arrays[i]);
  const rows = new Int32Array(memory.buffer, places.rows, bags * each);
  for (const [i] of new Array(bags + 1).entries()) {
    new Uint32Array(memory.buffer, places.offsets, bags + 1)[i] = i * each;
  }
  const sums = new Float32Array(memory.buffer, places.out, bags * dim);
  const kernels = wasmKernels(memory);
  return {
    ...what,
    sums,
    run(ids) {
      rows.set(ids);
      const began = performance.now();
      look(kernels, places);
      return performance.now() - began;
    },
    verify(ids) {
      this.run(ids);
      const ours = sums.slice();
      look(referenceKernels(memory), places);
      const at = ours.findIndex((sum, i) => !Object.is(sum, sums[i]));
      if (at >= 0) throw new Error(`${what.name}: a sum is ${ours[at]}, the reference's ${sums[at]}.`);
    },
  };
}
