// Specification of the kernels for fp32 values that are seen on a grid, in terms of quantization/.
import { passesGradient, slopeAt, valueOnGrid } from '../quantization/master-value.js';
import type { GridKernels } from './kernels.js';
import { laneSum } from './reference-rows.js';

/** See `GridKernels`. */
export function referenceGridKernels(memory: WebAssembly.Memory): GridKernels {
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);

  return {
    roundToGrid(values, steps, count, dim, lowest, highest) {
      for (const [i, step] of floats(steps, count).entries()) {
        const row = floats(values + i * dim * 4, dim);
        for (let j = 0; j < dim; j++) row[j] = valueOnGrid(row[j], step, { lowest, highest });
      }
    },

    gridGradient(
      values,
      steps,
      count,
      dim,
      lowest,
      highest,
      atLowest,
      atHighest,
      inside,
      scale,
      gradient,
      dSteps,
    ) {
      const grid = { lowest, highest };
      const slope = { atLowest, atHighest, inside: inside ? 1 : 0 } as const;
      const out = floats(dSteps, count);
      for (const [i, step] of floats(steps, count).entries()) {
        const row = floats(values + i * dim * 4, dim);
        const upstream = floats(gradient + i * dim * 4, dim);
        const terms = Array.from(row, (value, j) =>
          Math.fround(upstream[j] * slopeAt(value, step, grid, slope)),
        );
        out[i] = laneSum(terms) * Math.fround(scale);
        for (let j = 0; j < dim; j++) if (!passesGradient(row[j], step, grid)) upstream[j] = 0;
      }
    },
  };
}
