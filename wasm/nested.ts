// The gradient of nested codes, from what the network sees of them: by the step, and straight through to the stored codes.
// Specification: src/quantization/nested-grid.ts, src/kernels/reference-rows.ts.
import { unpackCodes } from './codes';
import { roundHalfUp, roundHalfUp4 } from './read';
import { dim, fine, highest, lowest, origin, record, workCodes } from './table';

/**
 * dSteps (count) = scale · Σ_j dValues_j · slope_j, slope_j by v = (code − origin)/2^k: the lowest served code for v ≤ it,
 * the highest for v ≥ it, R_D(v) − v between. Then dValues (count, D) is 0 where v is beyond them, if `inside`.
 */
export function nestedGradient(
  rows: usize, count: u32, dValues: usize, scale: f32, inside: bool, dSteps: usize,
): void {
  const least = lowest * fine;
  const most = Mathf.floor(highest * fine);
  const low = v128.splat<f32>(least);
  const high = v128.splat<f32>(most);
  for (let i: u32 = 0; i < count; i++) {
    unpackCodes(record(load<u32>(rows + (i << 2))), workCodes);
    let sum = v128.splat<f32>(0);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, dValues += 16) {
      const position = v128.sub<f32>(v128.load(workCodes + (j << 2)), v128.splat<f32>(origin));
      const v = v128.mul<f32>(position, v128.splat<f32>(fine));
      let slope = v128.sub<f32>(roundHalfUp4(v), v);
      slope = v128.bitselect(high, slope, v128.ge<f32>(v, high));
      slope = v128.bitselect(low, slope, v128.le<f32>(v, low));
      const upstream = v128.load(dValues);
      sum = v128.add<f32>(sum, v128.mul<f32>(upstream, slope));
      if (inside) v128.store(dValues, v128.and(upstream, v128.and(v128.ge<f32>(v, low), v128.le<f32>(v, high))));
    }
    let lane0 = v128.extract_lane<f32>(sum, 0);
    let lane1 = v128.extract_lane<f32>(sum, 1);
    let lane2 = v128.extract_lane<f32>(sum, 2);
    for (let lane: u32 = 0; j < dim; j++, lane++, dValues += 4) {
      const v = (load<f32>(workCodes + (j << 2)) - origin) * fine;
      const slope = v <= least ? least : v >= most ? most : roundHalfUp(v) - v;
      const upstream = load<f32>(dValues);
      const term = upstream * slope;
      if (lane == 0) lane0 += term;
      else if (lane == 1) lane1 += term;
      else lane2 += term;
      if (inside && (v < least || v > most)) store<f32>(dValues, 0);
    }
    const total = lane0 + lane1 + (lane2 + v128.extract_lane<f32>(sum, 3));
    store<f32>(dSteps + (i << 2), total * scale);
  }
}
