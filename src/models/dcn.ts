// Deep & Cross Network, version 1 (Wang, Fu, Fu, Wang: "Deep & cross network for ad click predictions", 2017):
//
//   x_{l+1} = x_0 (x_l · w_l) + b_l + x_l,   logit = w_out · [x_L, MLP(x_0)] + bias
//
// The cross network is not evaluated layer by layer. By induction x_l = α_l x_0 + β_l, with one number α_l a row
// and one vector β_l for all rows:
//
//   α_{l+1} = α_l (1 + x_0·w_l) + β_l·w_l,   β_{l+1} = β_l + b_l,   α_0 = 1, β_0 = 0,
//
// so with a linear output all of it is one product x_0 · [w_0 … w_{L−1} w_out] and recursions of numbers. That is
// exact because nothing non-linear stands between the cross network and the output.

import type { Node } from '../graph/node.js';
import type { OptionsOf, Zod } from '../options.js';
import { mlpOptions } from './mlp.js';
import { type Mode, type Model, ModelBuilder, type ModelShape } from './model.js';

const options = (z: Zod) =>
  z.strictObject({
    /** L. */
    crossLayers: z.int().min(1).max(16).default(3),
    ...mlpOptions(z),
  });
export type DcnOptions = OptionsOf<typeof options>;

function build(
  shape: ModelShape,
  { crossLayers, hidden, dropout, batchNorm }: DcnOptions,
  mode: Mode,
): Model {
  const m = new ModelBuilder(shape, mode);
  const g = m.graph;
  const { width } = m;
  const lastHidden = hidden[hidden.length - 1];

  const crossWeight = m.xavier('cross.weight', [width, crossLayers], 1); // column l is w_l
  const crossBias = m.zeros('cross.bias', [crossLayers, width]); // row l is b_l
  const mlpWeights = hidden.map((units, i) =>
    m.xavier(`mlp.${i}.weight`, [i ? hidden[i - 1] : width, units]),
  );
  const mlpBiases = hidden.map((units, i) => m.zeros(`mlp.${i}.bias`, [units]));
  // One output layer over [x_L, MLP(x_0)], kept as its two parts.
  const outputDeviation = { deviation: Math.sqrt(2 / (width + lastHidden + 1)) };
  const outputCross = m.parameter('output.cross', [width, 1], outputDeviation);
  const outputMlp = m.parameter('output.mlp', [lastHidden, 1], outputDeviation);
  const outputBias = m.zeros('output.bias', [1]);

  // Everything that multiplies x_0 in one product: the MLP's first layer, all w_l, and w_out.
  const crossAndOutput = g.concat([crossWeight, outputCross]); // (F·D + N, L + 1)
  const products = g.matmul(m.input, g.concat([mlpWeights[0], crossAndOutput])); // (B, H + L + 1)
  const dot = (l: number): Node => g.slice(products, hidden[0] + l, hidden[0] + l + 1); // x_0·w_l, (B, 1)

  // β_l·w_l = Σ_{k<l} b_k·w_l: of all b_k·w_l, (L, L + 1), those above the diagonal, summed over k.
  const above = Array.from({ length: crossLayers * (crossLayers + 1) }, (_, i) => {
    const [k, l] = [Math.floor(i / (crossLayers + 1)), i % (crossLayers + 1)];
    return k < l ? 1 : 0;
  });
  const biasDots = g.matmul(crossBias, crossAndOutput);
  const betaDots = g.sumBatch(g.multiply(biasDots, g.constant(above, [crossLayers, crossLayers + 1])));
  const betaDot = (l: number): Node => g.slice(betaDots, l, l + 1);

  let alpha = g.add(dot(0), 1);
  for (let l = 1; l < crossLayers; l++) alpha = g.add(g.multiply(alpha, g.add(dot(l), 1)), betaDot(l));
  const crossLogit = g.add(g.multiply(alpha, dot(crossLayers)), betaDot(crossLayers));

  let h = g.add(g.slice(products, 0, hidden[0]), mlpBiases[0]);
  for (let i = 0; i < hidden.length; i++) {
    if (i > 0) h = g.linear(h, mlpWeights[i], mlpBiases[i]);
    if (batchNorm) h = m.batchNorm(h, `mlp.${i}.norm`);
    h = m.dropout(g.relu(h), dropout);
  }

  return m.finish(g.add(g.add(crossLogit, g.matmul(h, outputMlp)), outputBias));
}

/** The model in the registry. */
export const dcn = { summary: 'Deep & Cross Network, version 1', options, build };
