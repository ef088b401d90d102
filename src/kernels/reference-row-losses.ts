// Specification of what quantizing took from rows.
import type { RowLossKernels } from './row-losses.js';

/** Numbers of a row: Σ (x − x̂)², Σ x², whether it has one code. */
export const LOSSES = 3;

/** Σ of four lanes of float64. */
function lanesOf(): { add(j: number, value: number): void; sum(): number } {
  const lanes = [0, 0, 0, 0];
  return {
    add: (j, value) => {
      lanes[j % 4] += value;
    },
    sum: () => lanes[0] + lanes[1] + (lanes[2] + lanes[3]),
  };
}

/** The losses of row `row` of values, which are stored as `stored` (n, D), its codes being `codes` (n, D). */
export function addRowLoss(
  values: Float32Array,
  stored: Float32Array,
  codes: Uint8Array,
  row: number,
  dim: number,
  losses: Float64Array,
): void {
  const [lost, norm] = [lanesOf(), lanesOf()];
  let isOneCode = 1;
  for (let j = 0, at = row * dim; j < dim; j++, at++) {
    const difference = values[at] - stored[at];
    lost.add(j, difference * difference);
    norm.add(j, values[at] * values[at]);
    if (codes[at] !== codes[row * dim]) isOneCode = 0;
  }
  losses.set([lost.sum(), norm.sum(), isOneCode], row * LOSSES);
}

/** See `RowLossKernels`. */
export function referenceRowLossKernels(memory: WebAssembly.Memory): RowLossKernels {
  return {
    rowLosses(values, codes, scales, biases, count, dim, losses) {
      const given = new Float32Array(memory.buffer, values, count * dim);
      const codesOf = new Uint8Array(memory.buffer, codes, count * dim);
      const scale = new Float32Array(memory.buffer, scales, count);
      const bias = new Float32Array(memory.buffer, biases, count);
      const stored = Float32Array.from(codesOf, (code, i) => {
        const row = Math.trunc(i / dim);
        return scale[row] * code + bias[row];
      });
      const out = new Float64Array(memory.buffer, losses, count * LOSSES);
      for (let row = 0; row < count; row++) addRowLoss(given, stored, codesOf, row, dim, out);
    },
  };
}
