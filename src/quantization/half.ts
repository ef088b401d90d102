// IEEE 754 half precision (binary16), as steps and biases of rows may be stored: 1 sign, 5 bits of exponent, 10 of
// mantissa. Every half is an fp32 number, so reading is exact; writing limits to the largest finite one and rounds by
// the named way. Infinities and NaN are read as what they are and never written.
import { limit } from './grid.js';
import { roundHalfEven } from './rounding.js';

/** The largest finite half. */
export const HALF_HIGHEST = 65504;
/** The smallest positive half, a subnormal one. A step that is stored as a half is never less: it must not be 0. */
export const HALF_LEAST = 2 ** -24;
/** Below it halves are subnormal: they all lie HALF_LEAST apart. */
const SMALLEST_NORMAL = 2 ** -14;

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The number that 16 bits stand for. */
export function fromHalf(half: number): number {
  const magnitude = half & 0x7fff;
  const sign = half & 0x8000 ? -1 : 1;
  if (magnitude < 0x400) return sign * magnitude * HALF_LEAST;
  // The exponent counts from 15, that of fp32 from 127; all ones stay all ones.
  word[0] = (magnitude << 13) + ((magnitude < 0x7c00 ? 112 : 224) << 23);
  return sign * float[0];
}

/** The 16 bits of a number: limited to ±65504, then rounded half to even. */
export function toHalf(value: number): number {
  float[0] = value;
  const bits = word[0] & 0x7fffffff;
  // A normal half already: its bits, in another place.
  if ((bits & 0x1fff) === 0 && bits >= 113 << 23 && bits < 143 << 23) {
    return ((word[0] >>> 16) & 0x8000) | ((bits - (112 << 23)) >>> 13);
  }
  float[0] = roundToHalf(value, roundHalfEven);
  const sign = (word[0] >>> 16) & 0x8000;
  const magnitude = word[0] & 0x7fffffff;
  float[0] = Math.abs(float[0]);
  return sign | (float[0] < SMALLEST_NORMAL ? float[0] / HALF_LEAST : (magnitude - (112 << 23)) >>> 13);
}

/** Distance of the halves around an fp32 number: 2^−10 of its power of two, and never less than that of subnormal ones. */
function halfUnit(value: number): number {
  float[0] = value;
  word[0] &= 0x7f800000;
  return Math.max(float[0], SMALLEST_NORMAL) * 2 ** -10;
}

/**
 * The half that `round` makes of an fp32 number, counted in the units of the halves around it; beyond `lowest` and
 * 65504 it is the limit. Numbers that are halves stay, since whole numbers pass through every rounding.
 */
export function roundToHalf(value: number, round: (units: number) => number, lowest = -HALF_HIGHEST): number {
  const limited = limit(value, lowest, HALF_HIGHEST);
  const unit = halfUnit(limited);
  const half = round(limited / unit) * unit;
  // Zero has the sign of what it is made from, as in wasm's rounding.
  return half === 0 && (limited < 0 || Object.is(limited, -0)) ? -0 : half;
}

/**
 * The half nearest to an fp32 number, half to even, as processors convert: 65520 and beyond are infinite, so are infinities, and NaN stays. By
 * adding a number so large that its last digit is the halves' unit, which rounds as wanted.
 */
export function nearestHalf(value: number): number {
  if (!Number.isFinite(value)) return value;
  const large = halfUnit(value) * 1.5 * 2 ** 52;
  const half = value + large - large;
  if (Math.abs(half) > HALF_HIGHEST) return half > 0 ? Infinity : -Infinity;
  return half === 0 && (value < 0 || Object.is(value, -0)) ? -0 : half;
}

/** The same of a step, which is limited to the positive halves. */
export function roundStep(step: number, round: (units: number) => number): number {
  return roundToHalf(step, round, HALF_LEAST);
}
