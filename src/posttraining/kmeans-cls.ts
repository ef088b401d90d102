// KMEANS-CLS (Guan et al. 2019): rows are clustered by k-means, and the rows of a cluster share one codebook of 2^M values,
// the optimum of one-dimensional k-means over their elements. A row stores its cluster and its codes.
//
// Passes over the table: at most 9 for the clusters (row-clusters.ts has the operations), then one for every 2^23 values
// that go into codebooks. Memory: 4 bytes a row, 12 bytes for each value of K centroids, and 64 MB.
import { packedBytes } from '../quantization/packing.js';
import { nearestCode, writeCodebook } from './codebook.js';
import { OptimalClusters } from './optimal-clusters.js';
import type { BlockQuantizer, QuantizedBits, QuantizerSpec, RowSource, Side } from './quantizer.js';
import { eachBlock } from './row-blocks.js';
import { clusterRows, type RowClusters } from './row-clusters.js';

/** Clusters have numbers of at most two bytes: with four, a row would be no smaller than with an fp16 scale and bias. */
const MOST_CLUSTERS = 2 ** 16;
/** Values of a cluster that its codebook is made from; of more, every second, third … row. */
const CODEBOOK_VALUES = 4096;
/** Values that are collected in one pass. */
const PASS_VALUES = 2 ** 23;

export const kmeansCls = {
  summary:
    'rows in clusters that share a codebook, as many as make it no larger than minmax (Guan et al. 2019)',
  kind: 'clustered',
  // A codebook of 256 values takes 16 times as many to be found well, for an error that a scale and bias make small as well.
  bits: [4, 2],
  async create({ dim, bits, side }, table): Promise<BlockQuantizer<'clustered'>> {
    const entries = 2 ** bits;
    const clusters = await clusterRows(table, clustersFor(table.rows, bits, side));
    const codebooks = await fitCodebooks(table, clusters, bits, side);
    return {
      codebooks,
      quantize(values, out) {
        for (let row = 0, from = 0; from < values.length; row++, from += dim) {
          const cluster = clusters.nearest(values, from);
          const codebook = codebooks.subarray(cluster * entries, (cluster + 1) * entries);
          out.clusters[row] = cluster;
          for (let at = from; at < from + dim; at++) out.codes[at] = nearestCode(codebook, values[at]);
        }
      },
    };
  },
} as const satisfies QuantizerSpec<'clustered'>;

/** Bytes of a table with K clusters: codes, the cluster of each row in one or two bytes, codebooks. */
export function clusteredBytes(
  { rows, dim, clusters }: { rows: number; dim: number; clusters: number },
  bits: QuantizedBits,
  side: Side,
): number {
  return (
    rows * (packedBytes(dim, bits) + (clusters <= 2 ** 8 ? 1 : 2)) + clusters * 2 ** bits * sideBytes(side)
  );
}

/** K: the most clusters with which the table is no larger than with a scale and a bias in each row; 1 at least. */
export function clustersFor(rows: number, bits: QuantizedBits, side: Side): number {
  const codebook = 2 ** bits * sideBytes(side);
  const most = (indexBytes: number) =>
    Math.min(2 ** (8 * indexBytes), Math.floor((rows * (2 * sideBytes(side) - indexBytes)) / codebook));
  return Math.max(1, Math.min(rows, MOST_CLUSTERS, Math.max(most(1), most(2))));
}

function sideBytes(side: Side): number {
  return side === 'fp16' ? 2 : 4;
}

/** (K, 2^M), as stored. */
async function fitCodebooks(
  table: RowSource,
  { count, assigned }: RowClusters,
  bits: QuantizedBits,
  side: Side,
): Promise<Float32Array> {
  const { dim } = table;
  const entries = 2 ** bits;
  const codebooks = new Float32Array(count * entries);
  const rowsOf = new Float64Array(count);
  for (const cluster of assigned) rowsOf[cluster]++;
  // Of a cluster's rows, every `stride`-th.
  const strideOf = rowsOf.map((rows) => Math.ceil((rows * dim) / CODEBOOK_VALUES));
  const valuesOf = rowsOf.map((rows, cluster) =>
    rows === 0 ? 0 : Math.ceil(rows / strideOf[cluster]) * dim,
  );
  const optimum = new OptimalClusters(
    valuesOf.reduce((most, values) => Math.max(most, values), 1),
    entries,
  );
  const centroids = new Float64Array(entries);
  const seen = new Float64Array(count);
  for (let first = 0; first < count; ) {
    let end = first;
    let total = 0;
    const starts: number[] = [];
    while (end < count && (end === first || total + valuesOf[end] <= PASS_VALUES)) {
      starts.push(total);
      total += valuesOf[end++];
    }
    const collected = new Float64Array(total);
    const filled = [...starts];
    await eachBlock(table, (values, firstRow) => {
      for (let at = 0, row = firstRow; at < values.length; at += dim, row++) {
        const cluster = assigned[row];
        if (cluster < first || cluster >= end || seen[cluster]++ % strideOf[cluster] !== 0) continue;
        collected.set(values.subarray(at, at + dim), filled[cluster - first]);
        filled[cluster - first] += dim;
      }
    });
    for (const [i, start] of starts.entries()) {
      const cluster = first + i;
      // No row is nearest to it, so nothing reads it.
      if (valuesOf[cluster] === 0) continue;
      const sorted = collected.subarray(start, start + valuesOf[cluster]).sort();
      const found = optimum.cluster(sorted, centroids);
      writeCodebook(centroids, found, side, codebooks.subarray(cluster * entries, (cluster + 1) * entries));
    }
    first = end;
  }
  return codebooks;
}
