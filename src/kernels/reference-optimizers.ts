// Specification of the row optimizers' arithmetic: fp32, one rounding after each operation.
import type { OptimizerKernels } from './kernels.js';
import { laneSum } from './reference-rows.js';

const { fround } = Math;

/** See `OptimizerKernels`. */
export function referenceOptimizerKernels(memory: WebAssembly.Memory): OptimizerKernels {
  const view = new DataView(memory.buffer);
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);

  return {
    /** g = gradient + λw; m = β1 m + (1 − β1) g; v = β2 v + (1 − β2) g²; change = −rate·m / (√(v / correction) + ε). */
    adam(
      states,
      stride,
      firstRow,
      rows,
      count,
      dim,
      values,
      gradient,
      change,
      rate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      correction,
    ) {
      const [b1, b2] = [fround(beta1), fround(beta2)];
      const [rest1, rest2] = [fround(1 - b1), fround(1 - b2)];
      for (const [i, row] of new Uint32Array(memory.buffer, rows, count).entries()) {
        const first = states + (row - firstRow) * stride;
        const second = first + 4 * dim;
        const w = floats(values + i * dim * 4, dim);
        const upstream = floats(gradient + i * dim * 4, dim);
        const out = floats(change + i * dim * 4, dim);
        for (let j = 0; j < dim; j++) {
          const g = fround(upstream[j] + fround(fround(weightDecay) * w[j]));
          const m = fround(fround(b1 * view.getFloat32(first + 4 * j, true)) + fround(rest1 * g));
          const v = fround(
            fround(b2 * view.getFloat32(second + 4 * j, true)) + fround(rest2 * fround(g * g)),
          );
          view.setFloat32(first + 4 * j, m, true);
          view.setFloat32(second + 4 * j, v, true);
          const size = fround(Math.sqrt(fround(v / fround(correction))));
          out[j] = fround(-fround(rate) * m) / fround(size + fround(epsilon));
        }
      }
    },

    /** g = gradient + λw; s = s + mean_j g_j²; change = −rate·g / (√s + ε). */
    rowwiseAdagrad(
      states,
      stride,
      firstRow,
      rows,
      count,
      dim,
      values,
      gradient,
      change,
      rate,
      epsilon,
      weightDecay,
    ) {
      for (const [i, row] of new Uint32Array(memory.buffer, rows, count).entries()) {
        const state = states + (row - firstRow) * stride;
        const w = floats(values + i * dim * 4, dim);
        const upstream = floats(gradient + i * dim * 4, dim);
        const out = floats(change + i * dim * 4, dim);
        const g = Array.from(upstream, (u, j) => fround(u + fround(fround(weightDecay) * w[j])));
        const mean = fround(laneSum(g.map((x) => fround(x * x))) / dim);
        const sum = fround(view.getFloat32(state, true) + mean);
        view.setFloat32(state, sum, true);
        const size = fround(fround(Math.sqrt(sum)) + fround(epsilon));
        for (let j = 0; j < dim; j++) out[j] = fround(-fround(rate) * g[j]) / size;
      }
    },
  };
}
