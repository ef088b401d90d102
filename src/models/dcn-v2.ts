// Deep & Cross Network, version 2 (Wang, Shivanna, Cheng, Jain, Lin, Hong, Chi: "DCN V2: improved deep & cross network
// and practical lessons for web-scale learning to rank systems", 2021):
//
//   x_{l+1} = x_0 ⊙ (W_l x_l + b_l) + x_l,       W_l a matrix of (F·D + N)², or of low rank: U_l V_lᵀ   (eq. 1 and 2)
//
//   parallel: logit = w_out · [x_L, MLP(x_0)] + bias     stacked: logit = w_out · MLP(x_L) + bias       (figure 1)
//
// W_l mixes the elements of x_l before they meet those of x_0, so the short form of version 1 (dcn.ts) does not hold:
// layers are evaluated one by one. The mixture of low-rank experts (section 3.3 of the paper) is not here.

import type { Node } from '../graph/node.js';
import type { OptionsOf, Zod } from '../options.js';
import { mlp, mlpOptions } from './mlp.js';
import { type Mode, type Model, ModelBuilder, type ModelShape, type ModelSpec } from './model.js';

const options = (z: Zod) =>
  z.strictObject({
    /** L. */
    crossLayers: z.int().min(1).max(16).default(3),
    /** r, the rank of W_l; null: a full matrix. */
    rank: z.int().min(1).max(4096).nullable().default(null),
    /** The MLP beside the cross network, or behind it. */
    structure: z.enum(['parallel', 'stacked']).default('parallel'),
    ...mlpOptions(z),
  });
export type DcnV2Options = OptionsOf<typeof options>;

/** x_L (B, width) over x_0 (B, width). */
function crossNetwork(m: ModelBuilder, x0: Node, { crossLayers, rank }: DcnV2Options): Node {
  const g = m.graph;
  const width = m.width;
  let x = x0;
  for (let l = 0; l < crossLayers; l++) {
    const bias = m.zeros(`cross.${l}.bias`, [width]);
    let mixed: Node; // W_l x_l + b_l; a row of the batch is xᵀ, so the matrices stand transposed
    if (rank === null) {
      mixed = g.linear(x, m.xavier(`cross.${l}.weight`, [width, width]), bias);
    } else {
      const v = m.xavier(`cross.${l}.v`, [width, rank]); // V_l
      const u = m.xavier(`cross.${l}.u`, [rank, width]); // U_lᵀ
      mixed = g.linear(g.matmul(x, v), u, bias);
    }
    x = g.add(g.multiply(x0, mixed), x);
  }
  return x;
}

function build(shape: ModelShape, options: DcnV2Options, mode: Mode): Model {
  const m = new ModelBuilder(shape, mode);
  const crossed = crossNetwork(m, m.input, options);
  switch (options.structure) {
    case 'parallel':
      return m.finish(m.output(m.graph.concat([crossed, mlp(m, m.input, options)])));
    case 'stacked':
      return m.finish(m.output(mlp(m, crossed, options)));
    default:
      return options.structure satisfies never;
  }
}

/** The model in the registry. */
export const dcnV2 = {
  summary: 'Deep & Cross Network, version 2',
  options,
  build,
} satisfies ModelSpec<DcnV2Options>;
