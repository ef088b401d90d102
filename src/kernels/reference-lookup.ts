// Specification of the dequantizing lookup.
import { fromHalf } from '../quantization/half.js';
import type { LookupKernels } from './lookup.js';

/** See `LookupKernels`. */
export function referenceLookupKernels(memory: WebAssembly.Memory): LookupKernels {
  const view = new DataView(memory.buffer);
  /** A scale, bias or value of a codebook. Nothing promises that it is aligned. */
  const side = (at: number, bytes: number) =>
    bytes === 2 ? fromHalf(view.getUint16(at, true)) : view.getFloat32(at, true);
  const codeOf = (codes: number, bits: number, j: number) =>
    (view.getUint8(codes + ((j * bits) >> 3)) >> ((j * bits) & 7)) & (2 ** bits - 1);

  /** Of each segment the sum of its rows; `readerOf` gives the function of a row from code to value. */
  function sum(
    rows: number,
    offsets: number,
    segments: number,
    dim: number,
    out: number,
    readerOf: (row: number) => (j: number) => number,
  ): void {
    const offset = (s: number) => (offsets === 0 ? s : view.getUint32(offsets + 4 * s, true));
    for (let s = 0; s < segments; s++) {
      const to = new Float32Array(memory.buffer, out + 4 * s * dim, dim).fill(0);
      for (let k = offset(s); k < offset(s + 1); k++) {
        const value = readerOf(view.getUint32(rows + 4 * k, true));
        for (let j = 0; j < dim; j++) to[j] += Math.fround(value(j));
      }
    }
  }

  return {
    lookupAffine(
      codes,
      codeStride,
      scales,
      biases,
      sideStride,
      sideBytes,
      origin,
      bits,
      dim,
      rows,
      offsets,
      segments,
      out,
    ) {
      sum(rows, offsets, segments, dim, out, (row) => {
        const scale = side(scales + row * sideStride, sideBytes);
        // In float64, where product and sum are as good as exact.
        const bias = biases === 0 ? -scale * origin : side(biases + row * sideStride, sideBytes);
        return (j) => scale * codeOf(codes + row * codeStride, bits, j) + bias;
      });
    },

    lookupCodebook(
      codes,
      codeStride,
      codebooks,
      sideBytes,
      clusters,
      clusterBytes,
      bits,
      dim,
      rows,
      offsets,
      segments,
      out,
    ) {
      const clusterOf = (row: number) => {
        if (clusterBytes === 1) return view.getUint8(clusters + row);
        if (clusterBytes === 2) return view.getUint16(clusters + 2 * row, true);
        return clusterBytes === 4 ? view.getUint32(clusters + 4 * row, true) : row;
      };
      sum(rows, offsets, segments, dim, out, (row) => {
        const codebook = codebooks + clusterOf(row) * 2 ** bits * sideBytes;
        return (j) => side(codebook + codeOf(codes + row * codeStride, bits, j) * sideBytes, sideBytes);
      });
    },

    lookupSteps(
      codes,
      codeStride,
      steps,
      biases,
      sideStride,
      sideBytes,
      tableStep,
      origin,
      bits,
      dim,
      rows,
      count,
      out,
    ) {
      const f = Math.fround;
      for (let k = 0; k < count; k++) {
        const row = view.getUint32(rows + 4 * k, true);
        const step = steps === 0 ? f(tableStep) : side(steps + row * sideStride, sideBytes);
        const bias = biases === 0 ? 0 : side(biases + row * sideStride, sideBytes);
        const to = new Float32Array(memory.buffer, out + 4 * k * dim, dim);
        for (let j = 0; j < dim; j++) {
          const at = codes + row * codeStride;
          const code = bits === 16 ? view.getUint16(at + 2 * j, true) : codeOf(at, bits, j);
          to[j] = f(step * (code - origin)) + bias;
        }
      }
    },

    lookupValues(values, stride, dim, rows, count, out) {
      for (let k = 0; k < count; k++) {
        const from = values + view.getUint32(rows + 4 * k, true) * stride;
        for (let j = 0; j < dim; j++)
          view.setUint32(out + 4 * (k * dim + j), view.getUint32(from + 4 * j, true), true);
      }
    },
  };
}
