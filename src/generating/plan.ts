// From what was asked for to the laws that rows are drawn by, and what to expect of them.
import { UserError } from '../errors.js';
import { expectedValues, type FrequencyLaw, fitLaw, visitRanks } from './frequency-law.js';
import type { Shape } from './shape.js';

/** One law for each category of the shape. */
export type Laws = readonly FrequencyLaw[];

/** Fields of up to so many values keep them all, however few features are asked for. */
const kept = 100;
/** A field can have at most this share of the rows as different values. */
const mostDistinct = 0.9;

/**
 * The laws for a file of `rows` rows. Without `features` they are those of the published rows, of which the file is
 * then a sample; with it cardinalities are scaled so that the file has about that many different values.
 *
 * @throws UserError when no such file can be
 */
export function planLaws(shape: Shape, rows: number, features?: number): Laws {
  if (features === undefined) {
    return shape.categories.map(({ exponent, cardinality, topShare }) =>
      fitLaw(exponent, cardinality, shape.rows, topShare),
    );
  }
  const scaled = (scale: number) =>
    shape.categories.map(({ cardinality, topShare = 0 }) =>
      Math.min(
        Math.max(Math.round(cardinality * scale), Math.min(cardinality, kept)),
        cardinality > kept ? Math.floor(mostDistinct * rows * (1 - topShare)) : cardinality,
      ),
    );
  const total = (scale: number) => scaled(scale).reduce((sum, n) => sum + n, 0);
  const most = total(Number.MAX_SAFE_INTEGER);
  if (features < total(0) || features > most) {
    throw new UserError(
      `The number of features is ${features}, but must be from ${total(0)} to ${most} for ${rows} rows.`,
      'they are different values in the file',
      2,
    );
  }
  let low = 0;
  let high = 1;
  while (total(high) < features) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (total(middle) < features) low = middle;
    else high = middle;
  }
  const cardinalities = scaled(high);
  return shape.categories.map(({ exponent, topShare }, i) =>
    fitLaw(exponent, cardinalities[i], rows, topShare),
  );
}

/** Expected number of different values of all categories that are seen at least `count` times in `rows` rows. */
export function expectedFeatures(laws: Laws, rows: number, count: number): number {
  return laws.reduce((sum, law) => sum + expectedValues(law, rows, count), 0);
}

/** Expected unique table rows of a batch of categories, where values seen less than `minCount` times are OOV. */
export function expectedUniqueRows(laws: Laws, rows: number, minCount: number, batch: number): number {
  return laws.reduce((sum, law) => {
    let unique = 0;
    let rareShare = 0;
    visitRanks(law, (ranks, share) => {
      if (rows * share >= minCount) unique += ranks * -Math.expm1(-batch * share);
      else rareShare += ranks * share;
    });
    return sum + unique - Math.expm1(-batch * rareShare);
  }, 0);
}
