// Each row between −m and m, m its greatest magnitude (SYM of the paper). 2^M codes, an even number of them: 0 lies between
// two, and the bias is −m, not 0.
import { rangeQuantizer } from './affine-row.js';
import { type QuantizerSpec, quantizedBits } from './quantizer.js';

/** The greatest magnitude of a row. */
export function greatestMagnitude(values: Float32Array, from: number, dim: number): number {
  let greatest = 0;
  for (let at = from; at < from + dim; at++) greatest = Math.max(greatest, Math.abs(values[at]));
  return greatest;
}

/** SYM of the paper. */
export const symmetric = {
  summary: 'each row between plus and minus its greatest magnitude (SYM)',
  kind: 'affine',
  bits: quantizedBits,
  async create(settings) {
    return rangeQuantizer(settings, (values, from, range) => {
      range.most = greatestMagnitude(values, from, settings.dim);
      range.least = 0 - range.most;
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
