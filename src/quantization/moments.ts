// How the moments of a row's gradients are stored: as fp32, as bf16, or as a byte each under a scale that the row
// shares. All rounding is stochastic: with β2 = 0.999 a moment moves by 0.1 % a step, less than half a unit of bf16 or
// of a byte, and would never move if it were rounded to the nearest. All arithmetic is fp32.
//
//   first moments, int8     m = scale · code, code −127 … 127
//   second moments, int8    v = (scale · code)², code 0 … 255: the grid is even in √v, which is what a change is
//                           divided by, and rounding is unbiased in v. On a grid even in v small moments would be 0,
//                           and their changes huge; here one that is not 0 never gets the code 0.
//   scale                   a power of two, one byte (E8M0, as in OCP's MX formats; 0: all codes are 0). It seldom
//                           changes, and codes that stay on their grid are not rounded again.
//
// A number that a row has alone, whatever the type says, is at least bf16: a byte with a scale would be no smaller.

/** What a row's optimizer state can be stored as. */
export const stateTypes = ['fp32', 'bf16', 'int8'] as const;
export type StateType = (typeof stateTypes)[number];

/** Largest code, and least byte of the scale: √v's scale has a square that is a normal number. */
export const firstGrid = { levels: 127, leastExponent: 1 } as const;
export const secondGrid = { levels: 255, leastExponent: 64 } as const;

/** What `width` moments of a row are really stored as. */
export function momentType(type: StateType, width: number): StateType {
  return type === 'int8' && width === 1 ? 'bf16' : type;
}

/** Bytes of `width` moments of a row. */
export function momentBytes(type: StateType, width: number): number {
  const stored = momentType(type, width);
  switch (stored) {
    case 'fp32':
      return 4 * width;
    case 'bf16':
      return 2 * width;
    case 'int8':
      return 1 + width;
    default:
      return stored satisfies never;
  }
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The 16 bits of x as bf16, rounded up in magnitude with the probability of what is cut off; `word` is random. */
export function bfloatBits(x: number, word: number): number {
  float[0] = x;
  return ((bits[0] + (word >>> 16)) >>> 16) & 0xffff;
}

/** The fp32 number of 16 bits of bf16. */
export function bfloatValue(stored: number): number {
  bits[0] = stored << 16;
  return float[0];
}

/** The power of two that a byte of the scale stands for; 0 for 0. */
export function scaleOf(exponent: number): number {
  bits[0] = exponent << 23;
  return float[0];
}

/** The byte of the least scale for which `levels` codes reach `largest` (not negative); 0 for 0. */
export function scaleExponent(
  largest: number,
  { levels, leastExponent }: { levels: number; leastExponent: number },
): number {
  if (largest === 0) return 0;
  float[0] = largest;
  // 127 codes span seven binary digits, 255 eight, but for what lies between the last code and the next power of two.
  const exponent = (bits[0] >>> 23) - Math.floor(Math.log2(levels));
  const isBeyond = exponent >= leastExponent && largest > levels * scaleOf(exponent);
  return Math.max(leastExponent, exponent + (isBeyond ? 1 : 0));
}

/** Code of a first moment under the scale of `exponent`, by the uniform u. */
export function firstCode(m: number, exponent: number, u: number): number {
  if (exponent === 0) return 0;
  const x = Math.fround(m * scaleOf(254 - exponent));
  const floor = Math.floor(x);
  return floor + (u < Math.fround(x - floor) ? 1 : 0);
}

/** Code of a second moment v ≥ 0 under the scale of `exponent`, by the uniform u. */
export function secondCode(v: number, exponent: number, u: number): number {
  if (v === 0) return 0;
  const inverse = scaleOf(254 - exponent);
  const x = Math.min(secondGrid.levels ** 2, Math.fround(Math.fround(v * inverse) * inverse));
  const code = Math.floor(Math.fround(Math.sqrt(x)));
  // Between code² and (code + 1)², which are 2·code + 1 apart.
  const share = Math.fround(Math.fround(x - code * code) / (2 * code + 1));
  return Math.max(1, code + (u < share ? 1 : 0));
}

/** The second moment of a code. */
export function secondValue(code: number, exponent: number): number {
  const root = Math.fround(code * scaleOf(exponent));
  return Math.fround(root * root);
}
