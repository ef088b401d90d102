// Factorization machine of degree 2 (Rendle: "Factorization Machines", ICDM 2010, eq. 1 and lemma 3.1):
//
//   logit = b + Σ_i w_i x_i + Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j,
//
//   Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j = ½ Σ_d [ (Σ_i v_{i,d} x_i)² − Σ_i v_{i,d}² x_i² ]
//
// A row has one feature in each field, x_i = 1; of a bag the field's v and w are pooled before. Its numbers are part of
// the linear term alone.

import type { Node } from '../graph/node.js';
import type { OptionsOf, Zod } from '../options.js';
import { linearTerm } from './linear.js';
import { type Mode, type Model, ModelBuilder, type ModelShape, type ModelSpec } from './model.js';

const options = (z: Zod) => z.strictObject({});
export type FmOptions = OptionsOf<typeof options>;

/** Both terms of a factorization machine and its bias, (B, 1). */
export function factorizationMachine(m: ModelBuilder): Node {
  return m.graph.add(linearTerm(m, m.firstOrder()), pairInteractions(m));
}

/** Σ_{i<j} ⟨v_i, v_j⟩ over the fields of a row, (B, 1), in time linear in their number. */
function pairInteractions(m: ModelBuilder): Node {
  const g = m.graph;
  const v = g.reshape(m.x, ['B', m.shape.fields, m.shape.dim]);
  const squareOfSum = g.square(g.sum(v, [1])); // (B, D)
  const sumOfSquares = g.sum(g.square(v), [1]); // (B, D)
  return g.multiply(g.sumColumns(g.subtract(squareOfSum, sumOfSquares)), 0.5);
}

function build(shape: ModelShape, _options: FmOptions, mode: Mode): Model {
  const m = new ModelBuilder(shape, mode);
  return m.finish(factorizationMachine(m));
}

/** The model in the registry. */
export const fm = {
  summary: 'factorization machine of degree 2',
  options,
  build,
} satisfies ModelSpec<FmOptions>;
