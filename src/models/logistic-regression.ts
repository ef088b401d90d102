// Logistic regression on the features of a row (as for ad clicks in Richardson, Dominowska, Ragno: "Predicting clicks",
// WWW 2007):
//
//   logit = b + Σ_i w_i + Σ_n u_n z_n
//
// over the row's features i and its numbers z. The embedding table is the weights: a feature's row is w_i, of width 1,
// so that every embedding method applies to it; but a step for each row is larger than the one value it belongs to, so
// only methods with one step for the table (`lpt`) make it smaller than fp32. Of a bag the weights are pooled.
import type { OptionsOf, Zod } from '../options.js';
import { linearTerm } from './linear.js';
import { type Mode, type Model, ModelBuilder, type ModelShape, type ModelSpec } from './model.js';

const options = (z: Zod) =>
  z.strictObject({
    /** A row of the table is one weight. */
    dim: z.literal(1).default(1),
  });
export type LogisticRegressionOptions = OptionsOf<typeof options>;

function build(shape: ModelShape, _options: LogisticRegressionOptions, mode: Mode): Model {
  const m = new ModelBuilder(shape, mode);
  // X is (B, F·1).
  return m.finish(linearTerm(m, m.x));
}

/** The model in the registry. */
export const logisticRegression = {
  summary: 'one weight for each feature, and nothing else',
  options,
  build,
} satisfies ModelSpec<LogisticRegressionOptions>;
