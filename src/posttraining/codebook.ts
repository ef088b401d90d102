// A codebook as it is stored beside codes, and the codes of values by it.
import { nearestHalf } from '../quantization/half.js';
import type { Side } from './quantizer.js';

/** A number as a side stores it. */
export function stored(value: number, side: Side): number {
  return side === 'fp16' ? nearestHalf(Math.fround(value)) : Math.fround(value);
}

/** Writes the first `count` centroids, ascending, to `codebook` (2^M) as stored; what is left over repeats the last. */
export function writeCodebook(
  centroids: Float64Array,
  count: number,
  side: Side,
  codebook: Float32Array,
): void {
  for (let code = 0; code < codebook.length; code++) {
    codebook[code] = stored(centroids[Math.min(code, count - 1)], side);
  }
}

/** The code of the entry nearest to a value, of two the lower one. The codebook ascends. */
export function nearestCode(codebook: Float32Array, value: number): number {
  let low = 0;
  let high = codebook.length - 1;
  // The first entry that is not below the value; the nearest is that or the one before.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codebook[middle] < value) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && value - codebook[low - 1] <= codebook[low] - value) low--;
  // Of equal entries the first.
  while (low > 0 && codebook[low - 1] === codebook[low]) low--;
  return low;
}
