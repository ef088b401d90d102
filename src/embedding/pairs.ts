// Lookups by pairs of rows, quotient-remainder hashing (Shi et al. 2020): the embedding of feature i of V is made of
// two stored rows,
//
//   Q[⌊i/r⌋] ⊙ R[i mod r]   or   Q[⌊i/r⌋] + R[i mod r]
//
// so that ⌈V/r⌉ + r rows stand for V, and no two features have the same pair. A feature's number is its vocabulary's
// first row + id. One table holds Q and then R. What is here says which rows there are and how they begin; the rows of
// a batch are found in batch/pair-planner.ts, and put together in training/pair-exchange.ts.
import { UserError } from '../errors.js';

/** How the two rows of a pair become one. */
export const combinations = ['product', 'sum'] as const;
export type Combination = (typeof combinations)[number];

/** What a method says of its lookups. */
export interface PairLookups {
  /** r, a whole number from 2. */
  ratio: number;
  combine: Combination;
}

/** The rows of a table that is looked up by pairs. */
export interface Pairs {
  /** ⌈V/r⌉, the rows of Q. */
  quotients: number;
  /** r, the rows of R. */
  remainders: number;
  combine: Combination;
}

/** The rows that stand for `features`, V. @throws UserError when they are not fewer than V */
export function pairsOf({ ratio, combine }: PairLookups, features: number): Pairs {
  const quotients = Math.ceil(features / ratio);
  if (quotients + ratio < features) return { quotients, remainders: ratio, combine };
  // Of ratios from 2 to V − 3 the largest number of rows is that of 2 or of V − 3, which save a row from V = 6 on.
  const sentence = `A ratio of ${ratio} saves nothing: ${features} rows would become ${quotients} quotients and ${ratio} remainders`;
  if (features < 6) throw new UserError(`${sentence}, and no other ratio does better.`, 'train `full`', 2);
  throw new UserError(`${sentence} (allowed: 2 to ${features - 3}).`, 'set hashing.ratio to another', 2);
}

/** First row of Q, of R, and the end: the table's `offsets`, its two parts being vocabularies to the generator. */
export function pairOffsets({ quotients, remainders }: Pairs): number[] {
  return [0, quotients, quotients + remainders];
}

/**
 * How the rows begin, so that embeddings have the standard deviation `deviation`. Of a product, both factors near 0
 * would give values of its square, and gradients as small as the other factor: R begins around 1. Of a sum, both have
 * half of the variance.
 */
export function pairInitials(
  { quotients, combine }: Pairs,
  deviation: number,
): { deviation: number; onesFrom?: number } {
  switch (combine) {
    case 'product':
      return { deviation, onesFrom: quotients };
    case 'sum':
      return { deviation: deviation * Math.SQRT1_2 };
    default:
      return combine satisfies never;
  }
}
