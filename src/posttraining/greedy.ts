// The greedy search that keeps the best range of all it tried, the row's whole one among them: by the loss it searches with,
// no row loses more than by min-max. A limit of 16 % as the paper has it is too near for 2 bits, where a row loses least
// by giving up a third of its range and more; here the search ends where a row loses clearly more than at its best.
import { rangeQuantizer } from './affine-row.js';
import { BINS, GreedyWalk } from './greedy-walk.js';
import { type QuantizerSpec, quantizedBits } from './quantizer.js';

/** A tenth of the range is as small as it gets. */
export const BINS_KEPT = BINS / 10;
/**
 * The search ends at so many times the least loss. On rows of 8 to 512 Gaussian, Laplace and Student values nothing better came
 * after 1.2. At D = 64 it is about 110 moves at 2 bits, 30 at 4 (the paper's limit is after 32) and 2 at 8.
 */
export const LOST = 1.25;

/** The best of the greedy search. */
export const greedy = {
  summary: "each row's range by greedy search, the best seen, never worse than minmax",
  kind: 'affine',
  bits: quantizedBits,
  async create(settings) {
    const walk = new GreedyWalk(settings, BINS_KEPT);
    return rangeQuantizer(settings, (values, from, range) => {
      walk.start(values, from);
      Object.assign(range, walk.range);
      let best = walk.loss;
      while (walk.look()) {
        walk.move();
        if (walk.loss < best) {
          best = walk.loss;
          Object.assign(range, walk.range);
        } else if (walk.loss > Math.fround(LOST * best)) {
          break;
        }
      }
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
