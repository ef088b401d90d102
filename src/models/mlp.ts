// The multilayer perceptron that many models have as their deep part: linear, batch normalization if asked for, ReLU,
// dropout, layer by layer.

import type { Node } from '../graph/node.js';
import type { Zod } from '../options.js';
import type { ModelBuilder } from './model.js';

/** Options of a model with an MLP. */
export const mlpOptions = (z: Zod) => ({
  /** Units of each layer of the MLP. */
  hidden: z.array(z.int().min(1)).min(1).default([200, 200, 200]),
  /** Probability that a hidden unit is dropped in training. */
  dropout: z.number().min(0).lt(1).default(0),
  batchNorm: z.boolean().default(false),
});
export interface MlpOptions {
  hidden: number[];
  dropout: number;
  batchNorm: boolean;
}

/** The last hidden layer (B, units) over `input` (B, in); weights are `<name>.<layer>.weight` and `.bias`. */
export function mlp(
  m: ModelBuilder,
  input: Node,
  { hidden, dropout, batchNorm }: MlpOptions,
  name = 'mlp',
): Node {
  const weights = hidden.map((units, i) =>
    m.xavier(`${name}.${i}.weight`, [i ? hidden[i - 1] : Number(input.shape[1]), units]),
  );
  const biases = hidden.map((units, i) => m.zeros(`${name}.${i}.bias`, [units]));
  let h = input;
  for (let i = 0; i < hidden.length; i++) {
    h = m.graph.linear(h, weights[i], biases[i]);
    if (batchNorm) h = m.batchNorm(h, `${name}.${i}.norm`);
    h = m.dropout(m.graph.relu(h), dropout);
  }
  return h;
}
