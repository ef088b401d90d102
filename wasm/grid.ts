// fp32 values that are kept as they are and seen on a grid: what the network sees of them, the gradient by the step
// (or clip) of their grid, and which of them get a gradient. Specification: src/kernels/reference-grid.ts.
import { roundHalfUp, roundHalfUp4 } from './read';

/** values (count, dim) = step · R_D(values/step limited to lowest … highest), steps (count). */
export function roundToGrid(
  values: usize, steps: usize, count: u32, dim: u32, lowest: f32, highest: f32,
): void {
  for (let i: u32 = 0; i < count; i++, steps += 4) {
    const step = load<f32>(steps);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, values += 16) {
      const v = v128.div<f32>(v128.load(values), v128.splat<f32>(step));
      const limited = v128.pmax<f32>(v128.splat<f32>(lowest), v128.pmin<f32>(v128.splat<f32>(highest), v));
      v128.store(values, v128.mul<f32>(v128.splat<f32>(step), roundHalfUp4(limited)));
    }
    for (; j < dim; j++, values += 4) {
      const limited = max<f32>(lowest, min<f32>(highest, load<f32>(values) / step));
      store<f32>(values, step * roundHalfUp(limited));
    }
  }
}

/**
 * dSteps (count) = scale · Σ_j gradient_j · slope_j; then the gradient (count, dim) is 0 where the value is outside the
 * grid. slope: atLowest for v ≤ lowest, atHighest for v ≥ highest, between them R_D(v) − v if `inside`, else 0.
 */
export function gridGradient(
  values: usize, steps: usize, count: u32, dim: u32, lowest: f32, highest: f32,
  atLowest: f32, atHighest: f32, inside: bool, scale: f32, gradient: usize, dSteps: usize,
): void {
  const low = v128.splat<f32>(lowest);
  const high = v128.splat<f32>(highest);
  const isInside = v128.splat<i32>(-<i32>inside);
  for (let i: u32 = 0; i < count; i++) {
    const step = load<f32>(steps + (i << 2));
    let sum = v128.splat<f32>(0);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, values += 16, gradient += 16) {
      const v = v128.div<f32>(v128.load(values), v128.splat<f32>(step));
      let slope = v128.and(v128.sub<f32>(roundHalfUp4(v), v), isInside);
      slope = v128.bitselect(v128.splat<f32>(atHighest), slope, v128.ge<f32>(v, high));
      slope = v128.bitselect(v128.splat<f32>(atLowest), slope, v128.le<f32>(v, low));
      const upstream = v128.load(gradient);
      sum = v128.add<f32>(sum, v128.mul<f32>(upstream, slope));
      const passes = v128.and(v128.ge<f32>(v, low), v128.le<f32>(v, high));
      v128.store(gradient, v128.and(upstream, passes));
    }
    let lane0 = v128.extract_lane<f32>(sum, 0);
    let lane1 = v128.extract_lane<f32>(sum, 1);
    let lane2 = v128.extract_lane<f32>(sum, 2);
    for (let lane: u32 = 0; j < dim; j++, lane++, values += 4, gradient += 4) {
      const v = load<f32>(values) / step;
      const upstream = load<f32>(gradient);
      let slope: f32 = inside ? roundHalfUp(v) - v : 0;
      if (v >= highest) slope = atHighest;
      if (v <= lowest) slope = atLowest;
      const term = upstream * slope;
      if (lane == 0) lane0 += term;
      else if (lane == 1) lane1 += term;
      else lane2 += term;
      if (v < lowest || v > highest) store<f32>(gradient, 0);
    }
    const total = lane0 + lane1 + (lane2 + v128.extract_lane<f32>(sum, 3));
    store<f32>(dSteps + (i << 2), total * scale);
  }
}
