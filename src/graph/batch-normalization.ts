// Batch normalization over the real rows of a batch, from the graph's own operators, so that its gradient needs no
// rule: out = (x − mean) / √(variance + ε) · gain + shift, each column by itself.
//
// Training takes mean and variance of the batch, the gradient flowing through both; scoring takes running ones.
// Combining those over batches is the trainer's.
import type { Graph } from './graph.js';
import type { Node } from './node.js';

export interface Normalization {
  /** (H), both. */
  readonly gain: Node;
  readonly shift: Node;
  /** ε, by default 1e-5. */
  readonly epsilon?: number;
}

/**
 * With the statistics of the batch: mean = Σ w_i x_i / Σ w_i, variance = Σ w_i (x_i − mean)² / Σ w_i.
 *
 * @param x (B, H)
 * @param weights (B, 1): 0 for padding rows, which then are in no statistic and get no gradient from one
 * @returns output (B, H), and mean and variance (H): the biased variance, which running statistics may want times
 * n / (n − 1)
 */
export function batchNormalization(
  g: Graph,
  x: Node,
  weights: Node,
  normalization: Normalization,
): { output: Node; mean: Node; variance: Node } {
  const width = x.shape.slice(1);
  const total = g.sum(weights);
  // A product with one row is a single pass over x.
  const average = (values: Node) =>
    g.reshape(g.divide(g.matmul(weights, values, { transposeA: true }), total), width);
  const mean = average(x);
  const variance = average(g.square(g.subtract(x, mean)));
  return { output: normalize(g, x, { ...normalization, mean, variance }), mean, variance };
}

/** With given statistics (H), for scoring. */
export function normalize(
  g: Graph,
  x: Node,
  { mean, variance, gain, shift, epsilon = 1e-5 }: Normalization & { mean: Node; variance: Node },
): Node {
  const factor = g.divide(gain, g.squareRoot(g.add(variance, epsilon)));
  return g.add(g.multiply(g.subtract(x, mean), factor), shift);
}
