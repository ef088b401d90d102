// A table in memory to PyTorch's fused rows in memory, by the kernels that `bitrow quantize` uses, on one thread.
import { createQuantizer } from '../posttraining/fast-quantizers.js';
import { KernelMemory } from '../posttraining/kernel-memory.js';
import { layouts } from '../posttraining/layouts/registry.js';
import { torchRowBytes } from '../posttraining/layouts/torch-rows.js';
import type { AffineBlock, BlockQuantizer, QuantizedBits, RowSource } from '../posttraining/quantizer.js';
import type { QuantizerName } from '../posttraining/registry.js';

/** Rows that go through both steps at once, and stay in the second cache. */
const CHUNK_ROWS = 512;

interface PrepackCase {
  method: QuantizerName;
  bits: QuantizedBits;
  first: number;
  rows: number;
}

export interface PrepackedRows {
  /** `rows` rows from `first` on. The bytes are there until the next run. */
  run(given: PrepackCase): Promise<{ bytes: Uint8Array; seconds: number }>;
}

/** Copies values (n, dim) to where kernels can work on them. */
export async function prepackedRows(values: Float32Array, dim: number): Promise<PrepackedRows> {
  const all = values.length / dim;
  const most = torchRowBytes(dim, 8);
  const memory = new KernelMemory(values.byteLength + all * most + CHUNK_ROWS * (dim + 8), 5, 16 * dim);
  const there = memory.allocate(Float32Array, values.length);
  there.set(values);
  const out = memory.allocate(Uint8Array, all * most);
  const block: AffineBlock = {
    kind: 'affine',
    codes: memory.allocate(Uint8Array, CHUNK_ROWS * dim),
    scales: memory.allocate(Float32Array, CHUNK_ROWS),
    biases: memory.allocate(Float32Array, CHUNK_ROWS),
  };
  return {
    async run({ method, bits, first: from, rows }) {
      const layout = layouts['torch-rows'];
      const format = { kind: 'affine', bits, side: layout.side(bits), dim, rows, clusters: 0 } as const;
      const table: RowSource = { name: 'rows', rows, dim, read: async () => {} };
      const quantizer: BlockQuantizer = await createQuantizer(method, format, table);
      const rowBytes = torchRowBytes(dim, bits);
      const began = performance.now();
      for (let first = 0; first < rows; first += CHUNK_ROWS) {
        const end = Math.min(rows, first + CHUNK_ROWS);
        quantizer.quantize(there.subarray((from + first) * dim, (from + end) * dim), block);
        layout.encode(format, block, end - first, [out.subarray(first * rowBytes, end * rowBytes)]);
      }
      const seconds = (performance.now() - began) / 1000;
      return { bytes: out.subarray(0, rows * rowBytes), seconds };
    },
  };
}
