// Wide & Deep (Cheng et al.: "Wide & Deep Learning for Recommender Systems", DLRS 2016, eq. 3):
//
//   logit = w_wide · [x, φ(x)] + w_deep · MLP(X) + b
//
// The wide part is linear: a weight for each feature of the row, and for its numbers. The products φ(x) of features are
// fields of the data set (a `cross` in its schema), so that what is memorised is a matter of the data. The deep part is
// an MLP on all embeddings and numbers. The paper trains the wide part by FTRL with L1; here one optimizer trains both.
import type { OptionsOf, Zod } from '../options.js';
import { linearTerm } from './linear.js';
import { mlp, mlpOptions } from './mlp.js';
import { type Mode, type Model, ModelBuilder, type ModelShape, type ModelSpec } from './model.js';

const options = (z: Zod) => z.strictObject(mlpOptions(z));
export type WideDeepOptions = OptionsOf<typeof options>;

function build(shape: ModelShape, options: WideDeepOptions, mode: Mode): Model {
  const m = new ModelBuilder(shape, mode);
  const g = m.graph;
  const wide = linearTerm(m, m.firstOrder());
  const h = mlp(m, m.input, options);
  const deep = g.matmul(h, m.xavier('output.weight', [Number(h.shape[1]), 1]));
  return m.finish(g.add(wide, deep));
}

/** The model in the registry. */
export const wideDeep = {
  summary: 'Wide & Deep: a linear part beside an MLP',
  options,
  build,
} satisfies ModelSpec<WideDeepOptions>;
