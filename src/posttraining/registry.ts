// Every quantizer of trained rows. One file and one line add one.
import { kmeans } from './kmeans.js';
import { logit } from './logit.js';
import { minMax } from './min-max.js';
import { optimal } from './optimal.js';
import type { QuantizerSpec } from './quantizer.js';

export const quantizers = {
  minmax: minMax,
  kmeans,
  optimal,
  logit,
} as const satisfies Record<string, QuantizerSpec>;

export type QuantizerName = keyof typeof quantizers;
/** In the order of the registry. */
export const quantizerNames = Object.keys(quantizers) as [QuantizerName, ...QuantizerName[]];
