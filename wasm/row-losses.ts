// What quantizing took from rows, in float64. Specification: src/kernels/reference-row-losses.ts.

/** Lanes 2 and 3, in the places of 0 and 1. */
// @ts-ignore: decorator
@inline
function highHalf(lanes: v128): v128 {
  return v128.shuffle<u64>(lanes, lanes, 1, 1);
}

// @ts-ignore: decorator
@inline
function storedValues(codes: v128, scale: v128, bias: v128): v128 {
  const exact = v128.add<f64>(v128.mul<f64>(scale, f64x2.convert_low_i32x4_s(codes)), bias);
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(exact));
}

/** losses (count, 3): see RowLossKernels. */
export function rowLosses(
  values: usize, codes: usize, scales: usize, biases: usize, count: u32, dim: u32, losses: usize,
): void {
  for (let i: u32 = 0; i < count; i++, codes += dim, losses += 24) {
    const scale = <f64>load<f32>(scales + (i << 2));
    const bias = <f64>load<f32>(biases + (i << 2));
    const scaleLanes = f64x2.splat(scale);
    const biasLanes = f64x2.splat(bias);
    const first = load<u8>(codes);
    const firstLanes = i32x4.splat(first);
    let lost01 = f64x2.splat(0);
    let lost23 = f64x2.splat(0);
    let norm01 = f64x2.splat(0);
    let norm23 = f64x2.splat(0);
    let others = i32x4.splat(0);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, values += 16) {
      const four = v128.load(values);
      const whole = v128.extend_low<u16>(v128.extend_low<u8>(v128.load_zero<u32>(codes + j)));
      others = v128.or(others, v128.xor(whole, firstLanes));
      const low = f64x2.promote_low_f32x4(four);
      const high = f64x2.promote_low_f32x4(highHalf(four));
      const lostLow = v128.sub<f64>(low, storedValues(whole, scaleLanes, biasLanes));
      const lostHigh = v128.sub<f64>(high, storedValues(highHalf(whole), scaleLanes, biasLanes));
      lost01 = v128.add<f64>(lost01, v128.mul<f64>(lostLow, lostLow));
      lost23 = v128.add<f64>(lost23, v128.mul<f64>(lostHigh, lostHigh));
      norm01 = v128.add<f64>(norm01, v128.mul<f64>(low, low));
      norm23 = v128.add<f64>(norm23, v128.mul<f64>(high, high));
    }
    let hasOthers = v128.any_true(others);
    for (let lane: u32 = 0; j < dim; j++, lane++, values += 4) {
      const code = load<u8>(codes + j);
      hasOthers = hasOthers || code != first;
      const value = <f64>load<f32>(values);
      const lost = value - <f64>(<f32>(scale * <f64>code + bias));
      // The last one, two or three values go to lanes 0, 1, 2.
      const lostLanes = inLane(lane, lost * lost);
      const normLanes = inLane(lane, value * value);
      if (lane < 2) {
        lost01 = v128.add<f64>(lost01, lostLanes);
        norm01 = v128.add<f64>(norm01, normLanes);
      } else {
        lost23 = v128.add<f64>(lost23, lostLanes);
        norm23 = v128.add<f64>(norm23, normLanes);
      }
    }
    store<f64>(losses, sumOf(lost01, lost23));
    store<f64>(losses, sumOf(norm01, norm23), 8);
    store<f64>(losses, hasOthers ? 0 : 1, 16);
  }
}

/** Sums of squares are not negative: another 0 leaves them. */
// @ts-ignore: decorator
@inline
function inLane(lane: u32, value: f64): v128 {
  return lane == 1 ? f64x2(0, value) : f64x2(value, 0);
}

// @ts-ignore: decorator
@inline
function sumOf(low: v128, high: v128): f64 {
  const left = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  return left + (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1));
}
