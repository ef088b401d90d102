// Rows into the table, and what ALPT computes between its two passes. All rows were touched before.
// A new code is found by its offset from the old one, never as value / step, so that a zero change is an offset
// of exactly zero. The limits use pmin and pmax, one instruction each, which treat only NaN and the sign of zero
// otherwise than min and max: neither reaches a result here. Specification: src/quantization/, src/kernels/reference-rows.ts.
import { packCodes, unpackCodes } from './codes';
import { stochasticStep } from './half';
import {
  bindGrid, fitGrid, rowBias, rowStep, stepOf, storedBias, storedStep, storeGrid, storeStep,
} from './row-grid';
import { drawUniform, drawUniforms } from './random';
import { dequantize, roundHalfUp, roundHalfUp4 } from './read';
import {
  dim, fine, highest, lowest, origin, record, rowRange, stepBytes, stepOffset, workCodes, workNoise,
} from './table';

/** Stored values (fp32 rows) += change (count, D). */
export function writeValues(rows: usize, count: u32, change: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const values = record(load<u32>(rows + (i << 2)));
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, change += 16) {
      v128.store(values + (j << 2), v128.add<f32>(v128.load(values + (j << 2)), v128.load(change)));
    }
    for (; j < dim; j++, change += 4) {
      store<f32>(values + (j << 2), load<f32>(values + (j << 2)) + load<f32>(change));
    }
  }
}

/** Steps of rows that have one each = steps (count). */
export function writeSteps(rows: usize, count: u32, steps: usize): void {
  for (let i: u32 = 0; i < count; i++, steps += 4) {
    storeStep(record(load<u32>(rows + (i << 2))) + stepOffset, storedStep(load<f32>(steps)));
  }
}

/**
 * steps (count), in place, to what a row of two-byte steps holds: stochastic with one uniform of (trainingStep, row), or
 * to the nearest. A step that is a half stays.
 */
export function roundSteps(
  rows: usize, count: u32, steps: usize, trainingStep: u32, stream: u32, isStochastic: bool,
): void {
  if (stepBytes != 2) return;
  for (let i: u32 = 0; i < count; i++, steps += 4) {
    const step = load<f32>(steps);
    const rounded = isStochastic
      ? stochasticStep(step, drawUniform(load<u32>(rows + (i << 2)), trainingStep, stream))
      : storedStep(step);
    store<f32>(steps, rounded);
  }
}

/** Q_D(w', step): values = step · (code + R_D(change/step)), limited to the grid. All (count, D). */
export function forwardRows(rows: usize, count: u32, change: usize, values: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    const step = stepOf(row);
    unpackCodes(record(row), workCodes);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, change += 16, values += 16) {
      const code = v128.load(workCodes + (j << 2));
      const low = v128.sub<f32>(v128.splat<f32>(lowest), code);
      const high = v128.sub<f32>(v128.splat<f32>(highest), code);
      const offset = v128.div<f32>(v128.load(change), v128.splat<f32>(step));
      const limited = v128.pmax<f32>(low, v128.pmin<f32>(high, offset));
      v128.store(values, v128.mul<f32>(v128.splat<f32>(step), v128.add<f32>(code, roundHalfUp4(limited))));
    }
    for (; j < dim; j++, change += 4, values += 4) {
      const code = load<f32>(workCodes + (j << 2));
      const limited = max<f32>(lowest - code, min<f32>(highest - code, load<f32>(change) / step));
      store<f32>(values, step * (code + roundHalfUp(limited)));
    }
  }
}

/** Eq. 7: the derivative of Q_D(code·step + change, step) by the step, from v's offset to the old code. */
// @ts-ignore: decorator
@inline
function stepDerivative(code: f32, offset: f32): f32 {
  if (offset <= lowest - code) return lowest;
  if (offset >= highest - code) return highest;
  return roundHalfUp(offset) - offset;
}

/** dSteps (count) = scale · Σ_j dValues_j · derivative_j; change and dValues (count, D). */
export function stepGradient(
  rows: usize, count: u32, change: usize, dValues: usize, scale: f32, dSteps: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    const step = stepOf(row);
    unpackCodes(record(row), workCodes);
    let sum = v128.splat<f32>(0);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, change += 16, dValues += 16) {
      const code = v128.load(workCodes + (j << 2));
      const offset = v128.div<f32>(v128.load(change), v128.splat<f32>(step));
      const isLow = v128.le<f32>(offset, v128.sub<f32>(v128.splat<f32>(lowest), code));
      const isHigh = v128.ge<f32>(offset, v128.sub<f32>(v128.splat<f32>(highest), code));
      let derivative = v128.sub<f32>(roundHalfUp4(offset), offset);
      derivative = v128.bitselect(v128.splat<f32>(highest), derivative, isHigh);
      derivative = v128.bitselect(v128.splat<f32>(lowest), derivative, isLow);
      sum = v128.add<f32>(sum, v128.mul<f32>(v128.load(dValues), derivative));
    }
    let lane0 = v128.extract_lane<f32>(sum, 0);
    let lane1 = v128.extract_lane<f32>(sum, 1);
    let lane2 = v128.extract_lane<f32>(sum, 2);
    for (let lane: u32 = 0; j < dim; j++, lane++, change += 4, dValues += 4) {
      const code = load<f32>(workCodes + (j << 2));
      const term = load<f32>(dValues) * stepDerivative(code, load<f32>(change) / step);
      if (lane == 0) lane0 += term;
      else if (lane == 1) lane1 += term;
      else lane2 += term;
    }
    const total = lane0 + lane1 + (lane2 + v128.extract_lane<f32>(sum, 3));
    store<f32>(dSteps + (i << 2), total * scale);
  }
}

/** newSteps and newBiases (count): the grids of the rows' ranges after the change; a row that does not change keeps its own. */
export function fitRows(rows: usize, count: u32, change: usize, newSteps: usize, newBiases: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    bindGrid(row);
    unpackCodes(record(row), workCodes);
    dequantize(workNoise);
    let isMoved = false;
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, change += 16) {
      const moves = v128.load(change);
      isMoved = isMoved || v128.any_true(v128.ne<f32>(moves, v128.splat<f32>(0)));
      v128.store(workNoise + (j << 2), v128.add<f32>(v128.load(workNoise + (j << 2)), moves));
    }
    for (; j < dim; j++, change += 4) {
      isMoved = isMoved || load<f32>(change) != 0;
      store<f32>(workNoise + (j << 2), load<f32>(workNoise + (j << 2)) + load<f32>(change));
    }
    if (isMoved) fitGrid(workNoise);
    store<f32>(newSteps + (i << 2), rowStep);
    store<f32>(newBiases + (i << 2), rowBias);
  }
}

/**
 * New codes, new steps where the table has one per row, and new biases where rows are affine: code + R(offset), offset
 * = (change + (bias − newBias) + (code − origin)·(step − newStep)) / newStep, limited to the grid. R is stochastic with
 * the uniforms of (trainingStep, row), or half up.
 */
export function writeCodes(
  rows: usize, count: u32, change: usize, newSteps: usize, newBiases: usize,
  trainingStep: u32, stream: u32, isStochastic: bool,
): void {
  const hasRowStep = stepOffset != <u32>-1;
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    const at = record(row);
    bindGrid(row);
    const newStep = hasRowStep ? storedStep(load<f32>(newSteps + (i << 2))) * fine : rowStep;
    const newBias: f32 = rowRange == 2 ? storedBias(load<f32>(newBiases + (i << 2))) : 0;
    const moved = rowStep - newStep;
    const lifted = rowBias - newBias;
    unpackCodes(at, workCodes);
    if (isStochastic) drawUniforms(row, trainingStep, stream);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, change += 16) {
      const code = v128.load(workCodes + (j << 2));
      const low = v128.sub<f32>(v128.splat<f32>(lowest), code);
      const high = v128.sub<f32>(v128.splat<f32>(highest), code);
      const position = v128.sub<f32>(code, v128.splat<f32>(origin));
      const whole = v128.add<f32>(
        v128.add<f32>(v128.load(change), v128.splat<f32>(lifted)),
        v128.mul<f32>(position, v128.splat<f32>(moved)),
      );
      const offset = v128.div<f32>(whole, v128.splat<f32>(newStep));
      const limited = v128.pmax<f32>(low, v128.pmin<f32>(high, offset));
      const floor = v128.floor<f32>(limited);
      const rest = v128.sub<f32>(limited, floor);
      const isUp = isStochastic
        ? v128.lt<f32>(v128.load(workNoise + (j << 2)), rest)
        : v128.ge<f32>(rest, v128.splat<f32>(0.5));
      const up = v128.and(isUp, v128.splat<f32>(1));
      v128.store(workCodes + (j << 2), v128.add<f32>(code, v128.add<f32>(floor, up)));
    }
    for (; j < dim; j++, change += 4) {
      const code = load<f32>(workCodes + (j << 2));
      const offset = (load<f32>(change) + lifted + (code - origin) * moved) / newStep;
      const limited = max<f32>(lowest - code, min<f32>(highest - code, offset));
      const floor = Mathf.floor(limited);
      const rest = limited - floor;
      const isUp = isStochastic ? load<f32>(workNoise + (j << 2)) < rest : rest >= 0.5;
      store<f32>(workCodes + (j << 2), code + (floor + <f32>isUp));
    }
    packCodes(workCodes, at);
    storeGrid(at, newStep, newBias);
  }
}
