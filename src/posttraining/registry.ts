// Every quantizer of trained rows. One file and one line add one.
import { aciq } from './aciq.js';
import { greedy } from './greedy.js';
import { greedyPaper } from './greedy-paper.js';
import { greedyTorch } from './greedy-torch.js';
import { gss } from './gss.js';
import { histApprox } from './hist-approx.js';
import { histBrute } from './hist-brute.js';
import { kmeans } from './kmeans.js';
import { kmeansCls } from './kmeans-cls.js';
import { logit } from './logit.js';
import { minMax } from './min-max.js';
import { optimal } from './optimal.js';
import type { QuantizerSpec } from './quantizer.js';
import { symmetric } from './symmetric.js';
import { tableMinMax } from './table-minmax.js';

export const quantizers = {
  'table-minmax': tableMinMax,
  symmetric,
  minmax: minMax,
  gss,
  aciq,
  'hist-approx': histApprox,
  'hist-brute': histBrute,
  'greedy-torch': greedyTorch,
  'greedy-paper': greedyPaper,
  greedy,
  kmeans,
  'kmeans-cls': kmeansCls,
  optimal,
  logit,
} as const satisfies Record<string, QuantizerSpec>;

export type QuantizerName = keyof typeof quantizers;
/** In the order of the registry. */
export const quantizerNames = Object.keys(quantizers) as [QuantizerName, ...QuantizerName[]];
