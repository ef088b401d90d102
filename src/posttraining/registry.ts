// Every quantizer of trained rows. One file and one line add one.
import { minMax } from './min-max.js';
import type { QuantizerSpec } from './quantizer.js';

export const quantizers = {
  minmax: minMax,
} as const satisfies Record<string, QuantizerSpec>;

export type QuantizerName = keyof typeof quantizers;
/** In the order of the registry. */
export const quantizerNames = Object.keys(quantizers) as [QuantizerName, ...QuantizerName[]];
