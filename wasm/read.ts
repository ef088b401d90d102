// Rows out of the table: value = step · (code − origin) + bias. A row never written has the value its generator gives, and costs
// no write. Specification: src/kernels/reference-rows.ts.
import { packCodes, unpackCodes } from './codes';
import { copyLine, keepLoads, LINE_BYTES } from './lines';
import { bindFirstGrid, bindGrid, rowBias, rowStep, storedStep, storeGrid } from './row-grid';
import { drawInitial } from './random';
import {
  bits, coarse, dim, fine, highest, isWritten, lowest, markWritten, origin, record, recordBytes, rowRange, tableStep, workCodes,
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

/** The grid and the codes a row starts with, these in workCodes: the initial deviates rounded half up to the grid. */
function drawInitialCodes(row: u32): void {
  drawInitial(row, workCodes);
  bindFirstGrid(workCodes);
  const low = v128.splat<f32>(lowest - origin);
  const high = v128.splat<f32>(highest - origin);
  // Whole vectors: workCodes has room, and what lies beyond D is not read.
  for (let j: u32 = 0; j < dim; j += 4) {
    const at = workCodes + (j << 2);
    const value = v128.sub<f32>(v128.load(at), v128.splat<f32>(rowBias));
    const scaled = v128.div<f32>(value, v128.splat<f32>(rowStep));
    const limited = v128.pmax<f32>(low, v128.pmin<f32>(high, scaled));
    v128.store(at, v128.add<f32>(v128.splat<f32>(origin), roundHalfUp4(limited)));
  }
}

/** Takes up the grid of any row. */
function bindAnyGrid(row: u32): void {
  if (!rowRange || isWritten(row)) bindGrid(row);
  else {
    drawInitial(row, workCodes);
    bindFirstGrid(workCodes);
  }
}

/** values (D) of the row whose codes are in workCodes and whose grid is taken up. */
// @ts-ignore: decorator
@inline
export function dequantize(values: usize): void {
  const step = rowStep;
  const bias = rowBias;
  let j: u32 = 0;
  for (; j + 4 <= dim; j += 4) {
    const position = v128.sub<f32>(v128.load(workCodes + (j << 2)), v128.splat<f32>(origin));
    const scaled = v128.mul<f32>(v128.splat<f32>(step), position);
    v128.store(values + (j << 2), v128.add<f32>(scaled, v128.splat<f32>(bias)));
  }
  for (; j < dim; j++) store<f32>(values + (j << 2), step * (load<f32>(workCodes + (j << 2)) - origin) + bias);
}

/** Dequantizes: values (count, D). */
export function readRows(rows: usize, count: u32, values: usize): void {
  const rowBytes = dim << 2;
  for (let i: u32 = 0; i < count; i++, values += rowBytes) {
    const row = load<u32>(rows + (i << 2));
    const isStored = isWritten(row);
    if (bits == 32) {
      if (isStored) copyLine(values, record(row), rowBytes);
      else drawInitial(row, values);
      continue;
    }
    if (isStored) {
      unpackCodes(record(row), workCodes);
      bindGrid(row);
    } else drawInitialCodes(row);
    dequantize(values);
  }
}

/** values (count, D) = step · the served bits of the code: the code over 2^k, down to a whole number. */
export function readServed(rows: usize, count: u32, values: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    if (isWritten(row)) {
      unpackCodes(record(row), workCodes);
      bindGrid(row);
    } else drawInitialCodes(row);
    const step = rowStep * coarse;
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, values += 16) {
      const served = v128.floor<f32>(v128.mul<f32>(v128.load(workCodes + (j << 2)), v128.splat<f32>(fine)));
      v128.store(values, v128.mul<f32>(v128.splat<f32>(step), served));
    }
    for (; j < dim; j++, values += 4) {
      store<f32>(values, step * Mathf.floor(load<f32>(workCodes + (j << 2)) * fine));
    }
  }
}

/** Steps (count), of the served codes. */
export function readSteps(rows: usize, count: u32, steps: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    bindAnyGrid(load<u32>(rows + (i << 2)));
    store<f32>(steps + (i << 2), rowStep * coarse);
  }
}

/** Biases (count). */
export function readBiases(rows: usize, count: u32, biases: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    bindAnyGrid(load<u32>(rows + (i << 2)));
    store<f32>(biases + (i << 2), rowBias);
  }
}

/** Brings the records of rows into the caches: their ways from memory overlap, since none of these loads waits for another. */
export function fetchRows(rows: usize, count: u32): void {
  let touched: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const at = record(load<u32>(rows + (i << 2)));
    for (let byte: u32 = 0; byte < recordBytes; byte += LINE_BYTES) touched ^= load<u8>(at + byte);
    touched ^= load<u8>(at + recordBytes - 1);
  }
  keepLoads(touched);
}

/** Writes the initial value of rows never written, so that update kernels find codes and step in the record. */
export function touchRows(rows: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    if (isWritten(row)) continue;
    if (bits == 32) {
      drawInitial(row, record(row));
      storeGrid(record(row), storedStep(tableStep) * fine, 0);
    } else {
      drawInitialCodes(row);
      packCodes(workCodes, record(row));
      storeGrid(record(row), rowStep, rowBias);
    }
    markWritten(row);
  }
}
