// Specification of the kernels between unique rows and the network.
import type { BatchKernels } from './kernels.js';

/** See `BatchKernels`. */
export function referenceBatchKernels(memory: WebAssembly.Memory): Omit<BatchKernels, 'dropoutMask'> {
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
  const uints = (at: number, length: number) => new Uint32Array(memory.buffer, at, length);

  function addInto(to: number, from: number, count: number): void {
    const sum = floats(to, count);
    const addend = floats(from, count);
    for (let j = 0; j < count; j++) sum[j] += addend[j];
  }

  function divideRows(values: number, divisors: number, count: number, dim: number): void {
    for (const [i, divisor] of floats(divisors, count).entries()) {
      const row = floats(values + i * dim * 4, dim);
      if (divisor !== 1) for (let j = 0; j < dim; j++) row[j] /= divisor;
    }
  }

  function combinePairs(
    values: number,
    pairs: number,
    count: number,
    dim: number,
    out: number,
    combine: (a: number, b: number) => number,
  ): void {
    const pair = uints(pairs, 2 * count);
    for (let i = 0; i < count; i++) {
      const a = floats(values + pair[2 * i] * dim * 4, dim);
      const b = floats(values + pair[2 * i + 1] * dim * 4, dim);
      const to = floats(out + i * dim * 4, dim);
      for (let j = 0; j < dim; j++) to[j] = combine(a[j], b[j]);
    }
  }

  return {
    addInto,
    divideRows,

    expandRows(values, positions, count, dim, out) {
      for (const [i, position] of uints(positions, count).entries()) {
        floats(out + i * dim * 4, dim).set(floats(values + position * dim * 4, dim));
      }
    },

    poolRows(values, positions, offsets, divisors, segments, dim, out) {
      const offset = uints(offsets, segments + 1);
      const position = uints(positions, offset[segments]);
      for (let s = 0; s < segments; s++) {
        const to = out + s * dim * 4;
        floats(to, dim).set(floats(values + position[offset[s]] * dim * 4, dim));
        for (let k = offset[s] + 1; k < offset[s + 1]; k++) addInto(to, values + position[k] * dim * 4, dim);
      }
      divideRows(out, divisors, segments, dim);
    },

    segmentSum(dValues, starts, occurrences, unique, dim, out) {
      const start = uints(starts, unique + 1);
      const occurrence = uints(occurrences, start[unique]);
      for (let i = 0; i < unique; i++) {
        floats(out + i * dim * 4, dim).set(floats(dValues + occurrence[start[i]] * dim * 4, dim));
        for (let k = start[i] + 1; k < start[i + 1]; k++) {
          addInto(out + i * dim * 4, dValues + occurrence[k] * dim * 4, dim);
        }
      }
    },

    combineRows(sumStarts, sumMicroBatches, sumIndices, count, parts, sums, stride, dim, out) {
      const starts = uints(sumStarts, count + 1);
      const microBatches = uints(sumMicroBatches, starts[count]);
      const indices = uints(sumIndices, starts[count]);
      for (let i = 0; i < count; i++) {
        const at: (number | undefined)[] = new Array(parts).fill(undefined);
        for (let k = starts[i]; k < starts[i + 1]; k++) {
          at[microBatches[k]] = sums + (microBatches[k] * stride + indices[k]) * dim * 4;
        }
        // A node adds its children; with one child it passes that on.
        for (let width = 1; width < parts; width *= 2) {
          for (let p = 0; p + width < parts; p += 2 * width) {
            const [left, right] = [at[p], at[p + width]];
            if (left !== undefined && right !== undefined) addInto(left, right, dim);
            else at[p] = left ?? right;
          }
        }
        if (at[0] !== undefined) floats(out + i * dim * 4, dim).set(floats(at[0], dim));
      }
    },

    multiplyPairs(values, pairs, count, dim, out) {
      combinePairs(values, pairs, count, dim, out, (a, b) => a * b);
    },

    addPairs(values, pairs, count, dim, out) {
      combinePairs(values, pairs, count, dim, out, (a, b) => a + b);
    },

    pairGradients(dProducts, values, pairs, starts, members, first, count, dim, out) {
      const start = uints(starts, first + count + 1);
      const member = uints(members, start[first + count]);
      for (let i = 0; i < count; i++) {
        const value = first + i;
        const sum = floats(out + i * dim * 4, dim);
        for (let k = start[value]; k < start[value + 1]; k++) {
          const [a, b] = uints(pairs + member[k] * 8, 2);
          const other = floats(values + (a === value ? b : a) * dim * 4, dim);
          const upstream = floats(dProducts + member[k] * dim * 4, dim);
          for (let j = 0; j < dim; j++) {
            const term = Math.fround(upstream[j] * other[j]);
            sum[j] = k === start[value] ? term : sum[j] + term;
          }
        }
      }
    },

    findNonFinite(values, count) {
      return floats(values, count).findIndex((value) => !Number.isFinite(value));
    },
  };
}
