// The grid of the row in work: value = rowStep · (code − origin) + rowBias. Specification: src/quantization/row-grid.ts.
// Every step and bias in a record, of 4 bytes or 2, is reached through here.
import { fromHalf, halfBelow, limitStep, nearestHalf, stepAbove, toHalf } from './half';
import {
  coarse, dim, fine, highest, isWritten, lowest, record, rowRange, stepBytes, stepOffset, tableStep,
} from './table';

export let rowStep: f32 = 0;
/** 0 unless rows are affine. */
export let rowBias: f32 = 0;

const LEAST_STEP: f32 = 1.1754943508222875e-38;

/** The step, or bias, at a byte of a record. */
// @ts-ignore: decorator
@inline
export function loadStep(at: usize): f32 {
  return stepBytes == 2 ? fromHalf(load<u16>(at)) : load<f32>(at);
}

/** The inverse, for a number that is `storedStep` or `storedBias` of any. */
// @ts-ignore: decorator
@inline
export function storeStep(at: usize, step: f32): void {
  if (stepBytes == 2) store<u16>(at, toHalf(step));
  else store<f32>(at, step);
}

/** The step that a record holds when this one is stored. Codes are formed with it. */
// @ts-ignore: decorator
@inline
export function storedStep(step: f32): f32 {
  return stepBytes == 2 ? nearestHalf(limitStep(step)) : step;
}

// @ts-ignore: decorator
@inline
export function storedBias(bias: f32): f32 {
  return stepBytes == 2 ? nearestHalf(bias) : bias;
}

// @ts-ignore: decorator
@inline
export function stepOf(row: u32): f32 {
  if (stepOffset == <u32>-1) return tableStep;
  return isWritten(row) ? loadStep(record(row) + stepOffset) : storedStep(tableStep);
}

/** Takes up the grid of a row that was written, or of one whose first grid is that of all rows: of the stored codes. */
// @ts-ignore: decorator
@inline
export function bindGrid(row: u32): void {
  rowStep = stepOf(row) * fine;
  rowBias = rowRange == 2 ? loadStep(record(row) + stepOffset + stepBytes) : 0;
}

/** Takes up the first grid of a row, whose initial values are at `values` (D). */
export function bindFirstGrid(values: usize): void {
  rowStep = (stepOffset == <u32>-1 ? tableStep : storedStep(tableStep)) * fine;
  rowBias = 0;
  if (rowRange) fitGrid(values);
}

/**
 * Stores the row's grid in its record: `step`, of the stored codes, as that of the served ones; step and bias are as a
 * record holds them.
 */
// @ts-ignore: decorator
@inline
export function storeGrid(at: usize, step: f32, bias: f32): void {
  if (stepOffset == <u32>-1) return;
  storeStep(at + stepOffset, step * coarse);
  if (rowRange == 2) storeStep(at + stepOffset + stepBytes, bias);
}

/**
 * Goes over to the grid of the range of `values` (D). Without an extent that divides, the step stays. Halves are those
 * next to it outside, so that the range still covers the values.
 */
export function fitGrid(values: usize): void {
  let lows = v128.splat<f32>(load<f32>(values));
  let highs = lows;
  let j: u32 = 0;
  // min and max, not pmin and pmax: the sign of a zero is stored in the bias.
  for (; j + 4 <= dim; j += 4, values += 16) {
    lows = v128.min<f32>(lows, v128.load(values));
    highs = v128.max<f32>(highs, v128.load(values));
  }
  let low = min<f32>(
    min<f32>(v128.extract_lane<f32>(lows, 0), v128.extract_lane<f32>(lows, 1)),
    min<f32>(v128.extract_lane<f32>(lows, 2), v128.extract_lane<f32>(lows, 3)),
  );
  let high = max<f32>(
    max<f32>(v128.extract_lane<f32>(highs, 0), v128.extract_lane<f32>(highs, 1)),
    max<f32>(v128.extract_lane<f32>(highs, 2), v128.extract_lane<f32>(highs, 3)),
  );
  for (; j < dim; j++, values += 4) {
    low = min<f32>(low, load<f32>(values));
    high = max<f32>(high, load<f32>(values));
  }
  const isAffine = rowRange == 2;
  if (isAffine) rowBias = stepBytes == 2 ? halfBelow(low) : low;
  const step = isAffine
    ? (high - rowBias) / (highest - lowest)
    : max<f32>(abs<f32>(low), abs<f32>(high)) / highest;
  if (step >= LEAST_STEP) rowStep = stepBytes == 2 ? stepAbove(step) : step;
}
