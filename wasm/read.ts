// Rows out of the table: value = step · code. A row never written has the value its generator gives, and costs
// no write. Specification: src/kernels/reference-rows.ts.
import { packCodes, unpackCodes } from './codes';
import { drawInitial } from './random';
import {
  bits, dim, highest, isWritten, lowest, markWritten, record, stepOffset, tableStep, workCodes,
} from './table';

/** Rounds half up (eq. 3 of the ALPT paper): floor, and one more where what is left is at least a half. */
// @ts-ignore: decorator
@inline
export function roundHalfUp(x: f32): f32 {
  const floor = Mathf.floor(x);
  return floor + <f32>(x - floor >= 0.5);
}

/** The codes a row starts with, D floats at `out`: the initial deviates rounded half up to the grid. */
function drawInitialCodes(row: u32, out: usize): void {
  drawInitial(row, out);
  for (let j: u32 = 0; j < dim; j++) {
    const at = out + (j << 2);
    const scaled = load<f32>(at) / tableStep;
    store<f32>(at, roundHalfUp(max<f32>(lowest, min<f32>(highest, scaled))));
  }
}

// @ts-ignore: decorator
@inline
export function stepOf(row: u32): f32 {
  return stepOffset != <u32>-1 && isWritten(row) ? load<f32>(record(row) + stepOffset) : tableStep;
}

/** Dequantizes: values (count, D). */
export function readRows(rows: usize, count: u32, values: usize): void {
  const rowBytes = dim << 2;
  for (let i: u32 = 0; i < count; i++, values += rowBytes) {
    const row = load<u32>(rows + (i << 2));
    const isStored = isWritten(row);
    if (bits == 32) {
      if (isStored) memory.copy(values, record(row), rowBytes);
      else drawInitial(row, values);
      continue;
    }
    if (isStored) unpackCodes(record(row), workCodes);
    else drawInitialCodes(row, workCodes);
    const step = stepOf(row);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4) {
      const codes = v128.load(workCodes + (j << 2));
      v128.store(values + (j << 2), v128.mul<f32>(codes, v128.splat<f32>(step)));
    }
    for (; j < dim; j++) store<f32>(values + (j << 2), load<f32>(workCodes + (j << 2)) * step);
  }
}

/** Steps (count). */
export function readSteps(rows: usize, count: u32, steps: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    store<f32>(steps + (i << 2), stepOf(load<u32>(rows + (i << 2))));
  }
}

/** Writes the initial value of rows never written, so that update kernels find codes and step in the record. */
export function touchRows(rows: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    if (isWritten(row)) continue;
    if (bits == 32) drawInitial(row, record(row));
    else {
      drawInitialCodes(row, workCodes);
      packCodes(workCodes, record(row));
      if (stepOffset != <u32>-1) store<f32>(record(row) + stepOffset, tableStep);
    }
    markWritten(row);
  }
}
