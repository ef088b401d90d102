// KMEANS (Guan et al. 2019): a codebook of 2^M values for each row, by one-dimensional k-means, here the exact optimum
// (optimal-clusters.ts). The values are then rounded to the side, and each element takes the nearest as stored.
import { nearestCode, writeCodebook } from './codebook.js';
import { OptimalClusters } from './optimal-clusters.js';
import type { QuantizerSpec } from './quantizer.js';

export const kmeans = {
  summary: 'a codebook of 2^M values for each row, the optimum of one-dimensional k-means (Guan et al. 2019)',
  kind: 'codebook',
  // With 256 values a row is longer than in fp32.
  bits: [4, 2],
  async create({ dim, bits, side }) {
    const entries = 2 ** bits;
    const clusters = new OptimalClusters(dim, entries);
    const sorted = new Float64Array(dim);
    const centroids = new Float64Array(entries);
    return {
      quantize(values, out) {
        for (let row = 0, from = 0; from < values.length; row++, from += dim) {
          for (let j = 0; j < dim; j++) sorted[j] = values[from + j];
          sorted.sort();
          const codebook = out.codebooks.subarray(row * entries, (row + 1) * entries);
          writeCodebook(centroids, clusters.cluster(sorted, centroids), side, codebook);
          for (let at = from; at < from + dim; at++) out.codes[at] = nearestCode(codebook, values[at]);
        }
      },
    };
  },
} as const satisfies QuantizerSpec<'codebook'>;
