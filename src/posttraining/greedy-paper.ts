// The greedy search as the paper has it (GREEDY, Algorithm 1): when a move to one end loses less than all before, that end
// is taken for the result, the other stays what it was. The two may so come from different points of the way, and never
// have been tried together.
import { rangeQuantizer } from './affine-row.js';
import { BINS_KEPT } from './greedy-torch.js';
import { GreedyWalk } from './greedy-walk.js';
import { type QuantizerSpec, quantizedBits } from './quantizer.js';

/** GREEDY of the paper. */
export const greedyPaper = {
  summary: "each row's range by the paper's greedy search (GREEDY, Algorithm 1)",
  kind: 'affine',
  bits: quantizedBits,
  async create(settings) {
    const walk = new GreedyWalk(settings, BINS_KEPT);
    return rangeQuantizer(settings, (values, from, range) => {
      walk.start(values, from);
      Object.assign(range, walk.range);
      let best = walk.loss;
      while (walk.look()) {
        if (walk.lossAbove < walk.lossBelow) {
          if (walk.lossAbove < best) {
            best = walk.lossAbove;
            range.least = walk.nextLeast;
          }
        } else if (walk.lossBelow < best) {
          best = walk.lossBelow;
          range.most = walk.nextMost;
        }
        walk.move();
      }
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
