// IEEE 754 half precision, for steps and biases that are stored in two bytes. Specification: src/quantization/half.ts.

const HIGHEST: f32 = 65504;
const LEAST: f32 = 5.9604644775390625e-8;
const SMALLEST_NORMAL: f32 = 0.00006103515625;
const MOST_UNITS: f32 = 16777216;

// @ts-ignore: decorator
@inline
export function fromHalf(half: u32): f32 {
  const magnitude = half & 0x7fff;
  const value: f32 =
    magnitude < 0x400
      ? <f32>magnitude * LEAST
      : reinterpret<f32>((magnitude << 13) + ((magnitude < 0x7c00 ? 112 : 224) << 23));
  return reinterpret<f32>(reinterpret<u32>(value) | ((half & 0x8000) << 16));
}

/** Four at a time, each in a lane of 32 bits. Finite ones alone. */
// @ts-ignore: decorator
@inline
export function fromHalves(halves: v128): v128 {
  const magnitudes = v128.and(halves, i32x4.splat(0x7fff));
  const signs = v128.shl<i32>(v128.and(halves, i32x4.splat(0x8000)), 16);
  const normal = v128.add<i32>(v128.shl<i32>(magnitudes, 13), i32x4.splat(112 << 23));
  // With the exponent of the least normal half and one digit before the point too many.
  const subnormal = v128.sub<f32>(v128.add<i32>(normal, i32x4.splat(1 << 23)), f32x4.splat(SMALLEST_NORMAL));
  const isSubnormal = v128.lt<i32>(magnitudes, i32x4.splat(0x400));
  return v128.or(signs, v128.bitselect(subnormal, normal, isSubnormal));
}

/** Of a number that is a half: see nearestHalf. */
// @ts-ignore: decorator
@inline
export function toHalf(value: f32): u32 {
  const bits = reinterpret<u32>(value);
  const magnitude = bits & 0x7fffffff;
  const size = reinterpret<f32>(magnitude);
  return ((bits >> 16) & 0x8000) | (size < SMALLEST_NORMAL ? <u32>(size * MOST_UNITS) : (magnitude - (112 << 23)) >> 13);
}

/** Of four numbers that are halves, each in a lane of 32 bits. */
// @ts-ignore: decorator
@inline
export function toHalves(values: v128): v128 {
  const signs = v128.and(v128.shr<u32>(values, 16), i32x4.splat(0x8000));
  const magnitudes = v128.and(values, i32x4.splat(0x7fffffff));
  const normal = v128.shr<u32>(v128.sub<i32>(magnitudes, i32x4.splat(112 << 23)), 13);
  // Beside a half, the units of subnormal halves are the last digits of the sum.
  const subnormal = v128.sub<i32>(v128.add<f32>(magnitudes, f32x4.splat(0.5)), f32x4.splat(0.5));
  const isSubnormal = v128.lt<f32>(magnitudes, f32x4.splat(SMALLEST_NORMAL));
  return v128.or(signs, v128.bitselect(subnormal, normal, isSubnormal));
}

// @ts-ignore: decorator
@inline
function unitOf(value: f32): f32 {
  const power = reinterpret<f32>(reinterpret<u32>(value) & 0x7f800000);
  return max<f32>(power, SMALLEST_NORMAL) * 0.0009765625;
}

/** Limited to −65504 … 65504, or for steps from the least positive half on. */
// @ts-ignore: decorator
@inline
function limitHalf(value: f32): f32 {
  return max<f32>(-HIGHEST, min<f32>(HIGHEST, value));
}

// @ts-ignore: decorator
@inline
export function limitStep(step: f32): f32 {
  return max<f32>(LEAST, min<f32>(HIGHEST, step));
}

/** Half to even. */
export function nearestHalf(value: f32): f32 {
  const limited = limitHalf(value);
  const unit = unitOf(limited);
  return nearest<f32>(limited / unit) * unit;
}

/** The same as processors convert: from 65520 on infinite. Of a finite number. */
// @ts-ignore: decorator
@inline
export function convertedHalf(value: f32): f32 {
  const bits = reinterpret<u32>(value);
  const sign = bits & 0x80000000;
  const magnitude = reinterpret<f32>(bits ^ sign);
  // A number so large that its last digit is the unit of the halves: adding it rounds as wanted.
  const large = max<f32>(reinterpret<f32>(bits & 0x7f800000), SMALLEST_NORMAL) * 12288;
  const half: f32 = magnitude < 65520 ? magnitude + large - large : Infinity;
  return reinterpret<f32>(reinterpret<u32>(half) | sign);
}

/** Four at a time. */
// @ts-ignore: decorator
@inline
export function convertedHalves(values: v128): v128 {
  const signs = v128.and(values, i32x4.splat(0x80000000));
  const magnitudes = v128.xor(values, signs);
  const powers = v128.and(values, i32x4.splat(0x7f800000));
  const large = v128.mul<f32>(v128.pmax<f32>(f32x4.splat(SMALLEST_NORMAL), powers), f32x4.splat(12288));
  const halves = v128.sub<f32>(v128.add<f32>(magnitudes, large), large);
  const isHalf = v128.lt<f32>(magnitudes, f32x4.splat(65520));
  return v128.or(v128.bitselect(halves, f32x4.splat(Infinity), isHalf), signs);
}

export function halfBelow(value: f32): f32 {
  const limited = limitHalf(value);
  const unit = unitOf(limited);
  return Mathf.floor(limited / unit) * unit;
}

export function stepAbove(step: f32): f32 {
  const limited = limitStep(step);
  const unit = unitOf(limited);
  return Mathf.ceil(limited / unit) * unit;
}

/** Up where the uniform is below what is left. */
export function stochasticStep(step: f32, uniform: f32): f32 {
  const limited = limitStep(step);
  const unit = unitOf(limited);
  const units = limited / unit;
  const floor = Mathf.floor(units);
  return (floor + <f32>(uniform < units - floor)) * unit;
}
