// Row optimizers: gradient (count, dim) and current values (count, dim) in, change of the values out. They know
// moments as fp32 numbers; where these lie and as what is the business of row-state.ts. Specification:
// src/kernels/reference-optimizers.ts.
import { closeState, countUpdate, first, hasFirst, openState, second } from './row-state';

/** A moment that is still zero takes the first gradient whole. */
const START_FIRST: u32 = 1;
/** Corrections by the row's own updates. */
const START_ROW: u32 = 2;

/** change = −rate · (gradient + λ·value). */
export function sgd(
  count: u32, dim: u32, values: usize, gradient: usize, change: usize, rate: f32, weightDecay: f32,
): void {
  const length = count * dim;
  let j: u32 = 0;
  for (; j + 4 <= length; j += 4, values += 16, gradient += 16, change += 16) {
    v128.store(change, v128.mul<f32>(v128.splat<f32>(-rate), decayed4(values, gradient, weightDecay)));
  }
  for (; j < length; j++, values += 4, gradient += 4, change += 4) {
    store<f32>(change, -rate * decayed(values, gradient, weightDecay));
  }
}

/** See `OptimizerKernels`. */
export function adaptValues(
  rows: usize, count: u32, dim: u32, values: usize, gradient: usize, change: usize, rate: f32,
  beta1: f32, beta2: f32, epsilon: f32, weightDecay: f32, start: u32, correction: f32,
): void {
  const rest1: f32 = 1 - beta1;
  const rest2: f32 = beta2 == 1 ? 1 : 1 - beta2;
  const takesFirst = v128.splat<i32>(start == START_FIRST ? -1 : 0);
  const lineBytes = dim << 2;
  for (let i: u32 = 0; i < count; i++, values += lineBytes, gradient += lineBytes, change += lineBytes) {
    const row = load<u32>(rows + (i << 2));
    openState(row, dim, dim);
    let rowRate = rate;
    let rowCorrection = correction;
    if (start == START_ROW) {
      const updates = countUpdate();
      if (hasFirst) rowRate = correctedRate(rate, beta1, updates);
      rowCorrection = correctionOf(beta2, updates);
    }
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4) {
      const at = j << 2;
      const g = decayed4(values + at, gradient + at, weightDecay);
      const old = v128.load(second + at);
      const isFresh = v128.and(v128.eq<f32>(old, v128.splat<f32>(0)), takesFirst);
      const share2 = v128.bitselect(v128.splat<f32>(1), v128.splat<f32>(rest2), isFresh);
      const v = v128.add<f32>(
        v128.mul<f32>(v128.splat<f32>(beta2), old),
        v128.mul<f32>(share2, v128.mul<f32>(g, g)),
      );
      v128.store(second + at, v);
      let m = g;
      if (hasFirst) {
        const share1 = v128.bitselect(v128.splat<f32>(1), v128.splat<f32>(rest1), isFresh);
        m = v128.add<f32>(
          v128.mul<f32>(v128.splat<f32>(beta1), v128.load(first + at)),
          v128.mul<f32>(share1, g),
        );
        v128.store(first + at, m);
      }
      const size = v128.sqrt<f32>(v128.div<f32>(v, v128.splat<f32>(rowCorrection)));
      const scaled = v128.mul<f32>(v128.splat<f32>(-rowRate), m);
      v128.store(change + at, v128.div<f32>(scaled, v128.add<f32>(size, v128.splat<f32>(epsilon))));
    }
    for (; j < dim; j++) {
      const at = j << 2;
      const g = decayed(values + at, gradient + at, weightDecay);
      const old = load<f32>(second + at);
      const isFresh = start == START_FIRST && old == 0;
      const v = beta2 * old + (isFresh ? 1 : rest2) * (g * g);
      store<f32>(second + at, v);
      let m = g;
      if (hasFirst) {
        m = beta1 * load<f32>(first + at) + (isFresh ? 1 : rest1) * g;
        store<f32>(first + at, m);
      }
      store<f32>(change + at, (-rowRate * m) / (Mathf.sqrt(v / rowCorrection) + epsilon));
    }
    closeState(row, dim, dim);
  }
}

/** See `OptimizerKernels`. */
export function adaptRows(
  rows: usize, count: u32, dim: u32, values: usize, gradient: usize, change: usize, rate: f32,
  beta1: f32, beta2: f32, epsilon: f32, weightDecay: f32, start: u32, correction: f32,
): void {
  const rest1: f32 = 1 - beta1;
  const rest2: f32 = beta2 == 1 ? 1 : 1 - beta2;
  const lineBytes = dim << 2;
  for (let i: u32 = 0; i < count; i++, values += lineBytes, gradient += lineBytes, change += lineBytes) {
    const row = load<u32>(rows + (i << 2));
    openState(row, dim, 1);
    let rowRate = rate;
    let rowCorrection = correction;
    if (start == START_ROW) {
      const updates = countUpdate();
      if (hasFirst) rowRate = correctedRate(rate, beta1, updates);
      rowCorrection = correctionOf(beta2, updates);
    }
    const mean = storeDecayed(dim, values, gradient, change, weightDecay) / <f32>dim;
    const old = load<f32>(second);
    const isFresh = start == START_FIRST && old == 0;
    const v = beta2 * old + (isFresh ? 1 : rest2) * mean;
    store<f32>(second, v);
    const size = Mathf.sqrt(v / rowCorrection) + epsilon;
    const share1: f32 = isFresh ? 1 : rest1;
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4) {
      const at = j << 2;
      let m = v128.load(change + at);
      if (hasFirst) {
        const kept = v128.mul<f32>(v128.splat<f32>(beta1), v128.load(first + at));
        m = v128.add<f32>(kept, v128.mul<f32>(v128.splat<f32>(share1), m));
        v128.store(first + at, m);
      }
      const scaled = v128.mul<f32>(v128.splat<f32>(-rowRate), m);
      v128.store(change + at, v128.div<f32>(scaled, v128.splat<f32>(size)));
    }
    for (; j < dim; j++) {
      const at = j << 2;
      let m = load<f32>(change + at);
      if (hasFirst) {
        m = beta1 * load<f32>(first + at) + share1 * m;
        store<f32>(first + at, m);
      }
      store<f32>(change + at, (-rowRate * m) / size);
    }
    closeState(row, dim, 1);
  }
}

/** g of four values. */
// @ts-ignore: decorator
@inline
function decayed4(values: usize, gradient: usize, weightDecay: f32): v128 {
  const decay = v128.mul<f32>(v128.splat<f32>(weightDecay), v128.load(values));
  return v128.add<f32>(v128.load(gradient), decay);
}

// @ts-ignore: decorator
@inline
function decayed(values: usize, gradient: usize, weightDecay: f32): f32 {
  return load<f32>(gradient) + weightDecay * load<f32>(values);
}

/** g of a row to `change`. @returns Σ g² */
// @ts-ignore: decorator
@inline
function storeDecayed(dim: u32, values: usize, gradient: usize, change: usize, weightDecay: f32): f32 {
  let sum = v128.splat<f32>(0);
  let j: u32 = 0;
  for (; j + 4 <= dim; j += 4) {
    const g = decayed4(values + (j << 2), gradient + (j << 2), weightDecay);
    v128.store(change + (j << 2), g);
    sum = v128.add<f32>(sum, v128.mul<f32>(g, g));
  }
  let lane0 = v128.extract_lane<f32>(sum, 0);
  let lane1 = v128.extract_lane<f32>(sum, 1);
  let lane2 = v128.extract_lane<f32>(sum, 2);
  const lane3 = v128.extract_lane<f32>(sum, 3);
  for (; j < dim; j++) {
    const g = decayed(values + (j << 2), gradient + (j << 2), weightDecay);
    store<f32>(change + (j << 2), g);
    // The rest has at most three elements.
    const lane = j & 3;
    if (lane == 0) lane0 += g * g;
    else if (lane == 1) lane1 += g * g;
    else lane2 += g * g;
  }
  return lane0 + lane1 + (lane2 + lane3);
}

/** β^n by repeated squaring in fp64: src/kernels/row-state.ts. */
function powerOf(beta: f64, n: u32): f64 {
  let power: f64 = 1;
  for (let square = beta; n; n >>= 1, square *= square) if (n & 1) power *= square;
  return power;
}

// @ts-ignore: decorator
@inline
function correctedRate(rate: f32, beta1: f32, updates: u32): f32 {
  return <f32>(<f64>rate / (1 - powerOf(beta1, updates)));
}

// @ts-ignore: decorator
@inline
function correctionOf(beta2: f32, updates: u32): f32 {
  return <f32>(1 - powerOf(beta2, updates));
}
