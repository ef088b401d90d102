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

/** The same, four at a time. */
// @ts-ignore: decorator
@inline
export function roundHalfUp4(x: v128): v128 {
  const floor = v128.floor<f32>(x);
  const isUp = v128.ge<f32>(v128.sub<f32>(x, floor), v128.splat<f32>(0.5));
  return v128.add<f32>(floor, v128.and(isUp, v128.splat<f32>(1)));
}

/** The codes a row starts with, in workCodes: the initial deviates rounded half up to the grid. */
function drawInitialCodes(row: u32): void {
  drawInitial(row, workCodes);
  // Whole vectors: workCodes has room, and what lies beyond D is not read.
  for (let j: u32 = 0; j < dim; j += 4) {
    const at = workCodes + (j << 2);
    const scaled = v128.div<f32>(v128.load(at), v128.splat<f32>(tableStep));
    const limited = v128.pmax<f32>(v128.splat<f32>(lowest), v128.pmin<f32>(v128.splat<f32>(highest), scaled));
    v128.store(at, roundHalfUp4(limited));
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
    else drawInitialCodes(row);
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
      drawInitialCodes(row);
      packCodes(workCodes, record(row));
    }
    if (stepOffset != <u32>-1) store<f32>(record(row) + stepOffset, tableStep);
    markWritten(row);
  }
}
