// The linear part that models begin with: b + Σ_i w_i over the features of a row, and numbers by a weight each.
import type { Node } from '../graph/node.js';
import type { ModelBuilder } from './model.js';

/** b + Σ_f weights_f + Σ_n u_n z_n, (B, 1), over `weights` (B, F) and the numbers z; u and b begin at 0. */
export function linearTerm(m: ModelBuilder, weights: Node): Node {
  const g = m.graph;
  const bias = m.zeros('linear.bias', [1]);
  const sum = g.sumColumns(weights);
  if (!m.numbers) return g.add(sum, bias);
  const count = Number(m.numbers.shape[1]);
  return g.add(sum, g.linear(m.numbers, m.zeros('linear.numbers', [count, 1]), bias));
}
