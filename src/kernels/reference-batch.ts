// Specification of the kernels between unique rows and the network.
import type { BatchKernels } from './kernels.js';

/** In `slots`: the row does not occur in that micro-batch. */
export const NO_SLOT = 0xffffffff;

export function referenceBatchKernels(memory: WebAssembly.Memory): Omit<BatchKernels, 'dropoutMask'> {
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
  const uints = (at: number, length: number) => new Uint32Array(memory.buffer, at, length);

  function addInto(to: number, from: number, count: number): void {
    const sum = floats(to, count);
    const addend = floats(from, count);
    for (let j = 0; j < count; j++) sum[j] += addend[j];
  }

  return {
    addInto,

    expandRows(values, positions, count, dim, out) {
      for (const [i, position] of uints(positions, count).entries()) {
        floats(out + i * dim * 4, dim).set(floats(values + position * dim * 4, dim));
      }
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

    combineRows(slots, count, parts, sums, firstSums, dim, out) {
      const first = uints(firstSums, parts);
      for (let i = 0; i < count; i++) {
        const at = Array.from(uints(slots + i * parts * 4, parts), (slot, p) =>
          slot === NO_SLOT ? undefined : sums + (first[p] + slot) * dim * 4,
        );
        // A node adds its children; with one child it passes that on.
        for (let stride = 1; stride < parts; stride *= 2) {
          for (let p = 0; p + stride < parts; p += 2 * stride) {
            const [left, right] = [at[p], at[p + stride]];
            if (left !== undefined && right !== undefined) addInto(left, right, dim);
            else at[p] = left ?? right;
          }
        }
        if (at[0] !== undefined) floats(out + i * dim * 4, dim).set(floats(at[0], dim));
      }
    },

    findNonFinite(values, count) {
      return floats(values, count).findIndex((value) => !Number.isFinite(value));
    },
  };
}
