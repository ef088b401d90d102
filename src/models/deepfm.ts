// DeepFM (Guo et al.: "DeepFM: A Factorization-Machine based Neural Network for CTR Prediction", IJCAI 2017, eq. 1 to 4):
//
//   logit = y_FM + y_DNN,   y_FM = ⟨w, x⟩ + Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j,   y_DNN = W · MLP([v_1 … v_F]) + b
//
// Both parts read the same embeddings. Numbers are part of the linear term and of the MLP's input.
import type { OptionsOf, Zod } from '../options.js';
import { factorizationMachine } from './fm.js';
import { mlp, mlpOptions } from './mlp.js';
import { type Mode, type Model, ModelBuilder, type ModelShape, type ModelSpec } from './model.js';

const options = (z: Zod) => z.strictObject(mlpOptions(z));
export type DeepFmOptions = OptionsOf<typeof options>;

function build(shape: ModelShape, options: DeepFmOptions, mode: Mode): Model {
  const m = new ModelBuilder(shape, mode);
  const g = m.graph;
  // The bias of both parts is that of the linear term.
  const yFm = factorizationMachine(m);
  const h = mlp(m, m.input, options);
  const yDnn = g.matmul(h, m.xavier('output.weight', [Number(h.shape[1]), 1]));
  return m.finish(g.add(yFm, yDnn));
}

/** The model in the registry. */
export const deepfm = {
  summary: 'DeepFM: a factorization machine beside an MLP',
  options,
  build,
} satisfies ModelSpec<DeepFmOptions>;
