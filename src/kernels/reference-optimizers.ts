// Specification of the row optimizers' arithmetic: fp32, one rounding after each operation. The power of a row's own
// corrections alone is fp64.
import type { OptimizerKernels } from './kernels.js';
import { referenceRowStates } from './reference-row-state.js';
import { laneSum } from './reference-rows.js';
import { powerOf, startNumbers } from './row-state.js';

const { fround, sqrt } = Math;

/** See `OptimizerKernels`. */
export function referenceOptimizerKernels(memory: WebAssembly.Memory): OptimizerKernels {
  const states = referenceRowStates(memory);
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);

  /** g = gradient + λw. */
  function decayed(values: Float32Array, gradient: Float32Array, weightDecay: number): Float32Array {
    return gradient.map((upstream, j) => upstream + fround(fround(weightDecay) * values[j]));
  }

  /** Both rules: `width` second moments of each row, dim or 1. */
  function adapt(isByRow: boolean): OptimizerKernels['adaptValues'] {
    return (
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
      start,
      correction,
    ) => {
      const [b1, b2] = [fround(beta1), fround(beta2)];
      const rest1 = fround(1 - b1);
      // β2 = 1: a sum, not an average.
      const rest2 = b2 === 1 ? 1 : fround(1 - b2);
      for (const [i, row] of new Uint32Array(memory.buffer, rows, count).entries()) {
        const state = states.open(row, dim, isByRow ? 1 : dim);
        const { first, second } = state;
        let [rowRate, rowCorrection] = [fround(rate), fround(correction)];
        if (start === startNumbers.row) {
          const updates = state.countUpdate();
          if (first) rowRate = fround(rowRate / (1 - powerOf(b1, updates)));
          rowCorrection = fround(1 - powerOf(b2, updates));
        }
        const at = 4 * i * dim;
        const g = decayed(floats(values + at, dim), floats(gradient + at, dim), weightDecay);
        const squares = g.map((x) => x * x);
        if (isByRow) squares.fill(laneSum(squares) / dim);
        const isFresh = second.map((v) => (start === startNumbers.first && v === 0 ? 1 : 0));
        for (const [k, v] of second.entries()) {
          second[k] = fround(b2 * v) + fround((isFresh[k] ? 1 : rest2) * squares[k]);
        }
        const out = floats(change + at, dim);
        for (let j = 0; j < dim; j++) {
          const k = isByRow ? 0 : j;
          if (first) first[j] = fround(b1 * first[j]) + fround((isFresh[k] ? 1 : rest1) * g[j]);
          const m = first ? first[j] : g[j];
          const size = fround(sqrt(fround(second[k] / rowCorrection)));
          out[j] = fround(-rowRate * m) / fround(size + fround(epsilon));
        }
        state.close();
      }
    };
  }

  return {
    sgd(count, dim, values, gradient, change, rate, weightDecay) {
      const length = count * dim;
      const g = decayed(floats(values, length), floats(gradient, length), weightDecay);
      floats(change, length).set(g.map((x) => -fround(rate) * x));
    },
    bindState: states.bindState,
    adaptValues: adapt(false),
    adaptRows: adapt(true),
  };
}
