// DLRM (Naumov et al.: "Deep learning recommendation model for personalization and recommendation systems", 2019).
// Numbers become one more vector of width D, and vectors meet in dot products alone:
//
//   numbers (N) ── bottom MLP ──▶ z (D) ──┬───────────────────────────▶ [z, e_i · e_j, z · e_i] ── top MLP ──▶ logit
//   field 1 ────── embedding ───▶ e_1 (D) ┤                                     ▲
//   …                                     ├── dot products of all pairs i < j ──┘
//   field F ────── embedding ───▶ e_F (D) ┘
//
// Every layer of the bottom MLP ends in ReLU, also the last. Without numbers there is no bottom MLP and no z.
// Embeddings reach the logit through products alone, so where they begin near 0, learning begins slowly.

import { UserError } from '../errors.js';
import type { OptionsOf, Zod } from '../options.js';
import { mlp, mlpOptions } from './mlp.js';
import { type Mode, type Model, ModelBuilder, type ModelShape, type ModelSpec } from './model.js';

const options = (z: Zod) =>
  z.strictObject({
    /** Units of the bottom MLP's layers before the last, which has D. No meaning without numbers. */
    bottom: z.array(z.int().min(1)).default([512, 256, 64]),
    ...mlpOptions(z),
    /** Units of each layer of the top MLP, whose `dropout` and `batchNorm` are options too. */
    hidden: mlpOptions(z).hidden.unwrap().default([512, 256]),
  });
export type DlrmOptions = OptionsOf<typeof options>;

function build(shape: ModelShape, { bottom, ...top }: DlrmOptions, mode: Mode): Model {
  const { fields, dim } = shape;
  const m = new ModelBuilder(shape, mode);
  const g = m.graph;
  const z =
    m.numbers && mlp(m, m.numbers, { hidden: [...bottom, dim], dropout: 0, batchNorm: false }, 'bottom');
  const vectors = z ? g.concat([z, m.x]) : m.x;
  const count = z ? fields + 1 : fields;
  if (count < 2) {
    throw new UserError(
      "The model 'dlrm' multiplies pairs of vectors, but the data has one field and no numbers.",
      'choose another model, such as dnn',
    );
  }
  const pairs = g.pairwiseDots(g.reshape(vectors, ['B', count, dim]));
  return m.finish(m.output(mlp(m, z ? g.concat([z, pairs]) : pairs, top, 'top')));
}

/** The model in the registry. */
export const dlrm = {
  summary: 'dot products of all pairs of embeddings into an MLP',
  options,
  build,
} satisfies ModelSpec<DlrmOptions>;
