// Magnitudes of all fp32 values of a run of rows, as the bits of |value|, which order like the values themselves:
// counted by digits, which finds the k-th smallest exactly, and the small ones set to zero. Specification:
// src/kernels/reference-magnitudes.ts.
import { drawInitial } from './random';
import { dim, isWritten, markWritten, record, workCodes } from './table';

const MAGNITUDE: u32 = 0x7fffffff;

/**
 * Of the values of rows first … first + count − 1, whose magnitude m has the upper digits m >> shift >> 11 = prefix:
 * bins[(m >> shift) & 2047] += 1 (u32). A row never written counts with its initial values.
 */
export function countMagnitudes(first: u32, count: u32, shift: u32, prefix: u32, bins: usize): void {
  for (let row = first; row < first + count; row++) {
    let values = record(row);
    if (!isWritten(row)) {
      drawInitial(row, workCodes);
      values = workCodes;
    }
    for (let j: u32 = 0; j < dim; j++) {
      const digits = (load<u32>(values + (j << 2)) & MAGNITUDE) >> shift;
      const bin = bins + ((digits & 2047) << 2);
      // No branch: about as many values have the prefix as have not, in no order that a processor could guess.
      store<u32>(bin, load<u32>(bin) + u32(digits >> 11 == prefix));
    }
  }
}

/** Zero for every value of magnitude < limit, in rows first … first + count − 1; all of them are written after it. */
export function zeroMagnitudes(first: u32, count: u32, limit: u32): void {
  const magnitudes = i32x4.splat(MAGNITUDE);
  const limits = i32x4.splat(limit);
  for (let row = first; row < first + count; row++) {
    const values = record(row);
    if (!isWritten(row)) {
      drawInitial(row, values);
      markWritten(row);
    }
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4) {
      const at = values + (j << 2);
      const bits = v128.load(at);
      const isSmall = v128.lt<i32>(v128.and(bits, magnitudes), limits);
      // Only what is not zero yet: a row left alone needs no write.
      if (v128.any_true(v128.and(bits, isSmall))) v128.store(at, v128.andnot(bits, isSmall));
    }
    for (; j < dim; j++) {
      const at = values + (j << 2);
      if ((load<u32>(at) & MAGNITUDE) < limit) store<u32>(at, 0);
    }
  }
}
