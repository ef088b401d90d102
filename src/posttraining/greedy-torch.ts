// The greedy search as PyTorch has it (ATen's choose_qparams_optimized): its optimized_qparams, to the byte at fp16. The
// range taken is the best point of the way from which both ways on lose more. The last point is never tried, and a way on
// which the loss falls to the end (at 2 bits that of nearly all rows of 64 Gaussian values, of few of 8) gives back the whole
// range. Where PyTorch does not come back (greedy-walk.ts), the best so far is taken. PyTorch has no fp32 side; here it is
// searched with its own loss.
import { rangeQuantizer } from './affine-row.js';
import { BINS, GreedyWalk } from './greedy-walk.js';
import type { QuantizerSpec } from './quantizer.js';

/** r of the paper. */
const CUT_SHARE = 0.16;
/** b(1 − r), where the search of the paper and of PyTorch stops. */
export const BINS_KEPT = BINS * (1 - CUT_SHARE);

/** PyTorch's `optimized_qparams`. */
export const greedyTorch = {
  summary: "each row's range by PyTorch's greedy search (optimized_qparams)",
  kind: 'affine',
  // It has no such search at 8 bits.
  bits: [4, 2],
  async create(settings) {
    const walk = new GreedyWalk(settings, BINS_KEPT);
    return rangeQuantizer(settings, (values, from, range) => {
      walk.start(values, from);
      Object.assign(range, walk.range);
      let best = walk.loss;
      while (walk.look()) {
        const { loss, lossAbove, lossBelow } = walk;
        if (loss < lossAbove && loss < lossBelow && loss < best) {
          best = loss;
          Object.assign(range, walk.range);
        }
        walk.move();
      }
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
