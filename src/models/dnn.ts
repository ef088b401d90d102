// The plain deep network over embeddings, the deep half of most others (Zhang, Du, Wang: "Deep learning over
// multi-field categorical data", 2016, FNN without its pre-training; called DNN in open benchmarks):
//
//   logit = w_out · MLP(x_0) + bias,   x_0 = [embeddings of all fields, numbers]
import type { OptionsOf, Zod } from '../options.js';
import { mlp, mlpOptions } from './mlp.js';
import { type Mode, type Model, ModelBuilder, type ModelShape, type ModelSpec } from './model.js';

const options = (z: Zod) => z.strictObject(mlpOptions(z));
export type DnnOptions = OptionsOf<typeof options>;

function build(shape: ModelShape, options: DnnOptions, mode: Mode): Model {
  const m = new ModelBuilder(shape, mode);
  const h = mlp(m, m.input, options);
  return m.finish(m.output(h));
}

/** The model in the registry. */
export const dnn = {
  summary: 'embeddings into an MLP',
  options,
  build,
} satisfies ModelSpec<DnnOptions>;
