// A numeric input, from the raw number to what the network sees: transformed, then standardised by mean and deviation
// over the training split. One function, which batches and serving share; SQL only reads the raw number.
//
//   none  x
//   log   sign(x) · ln(1 + |x|)

export const numberTransforms = ['none', 'log'] as const;
export type NumberTransform = (typeof numberTransforms)[number];

/** A numeric input with what was measured of it over the training split, after its transform. */
export interface NumberStatistics {
  name: string;
  transform: NumberTransform;
  mean: number;
  /** Of the population; 1 where all numbers are equal. */
  deviation: number;
}

const transforms: Record<NumberTransform, (x: number) => number> = {
  none: (x) => x,
  log: (x) => Math.sign(x) * Math.log1p(Math.abs(x)),
};

/** A raw number before it is standardised. */
export function transformNumber(x: number, transform: NumberTransform): number {
  return transforms[transform](x);
}

/**
 * What the network sees of a raw number, in fp32. Missing (null) is the mean, 0.
 *
 * @example
 * numberInput(9, { name: 'price', transform: 'none', mean: 5, deviation: 2 }) // 2
 */
export function numberInput(x: number | null, { transform, mean, deviation }: NumberStatistics): number {
  return x === null ? 0 : Math.fround((transforms[transform](x) - mean) / deviation);
}
