// Each row cut by quantiles of its histogram while that loses less (HIST-APPRX of the paper: the non-linear quantile search
// of Caffe2, and of PyTorch's HistogramObserver). There both ends step inwards by 10^−5 of all values, the end that passes
// more bins moves, the upper one on a tie, and the first window that loses more ends the search. A row has far fewer than
// 10^5 values: its least alone is more than such a step, so the lower end never moves and the upper one goes from one
// value to the next. Its first move is never measured against the whole range. Both are so by definition.
import { fullRange, rangeQuantizer } from './affine-row.js';
import { BINS, Histogram } from './histogram.js';
import type { QuantizerSpec } from './quantizer.js';

/** HIST-APPRX of the paper. */
export const histApprox = {
  summary: 'each row cut by quantiles of its histogram until it loses more (HIST-APPRX)',
  kind: 'affine',
  bits: [4, 2],
  async create(settings) {
    const histogram = new Histogram(settings.bits);
    const loss = new Float64Array(1);
    return rangeQuantizer(settings, (values, from, range) => {
      fullRange(values, from, settings.dim, range);
      if (!histogram.count(values, from, settings.dim, range)) return;
      let least = Infinity;
      // The window ends below each bin that has values, from the last one on.
      for (let width = BINS - 1; width > 0; width--) {
        if (histogram.counts[width] === 0) continue;
        histogram.losses(width, loss);
        if (loss[0] > least) break;
        least = loss[0];
        histogram.window(0, width, range);
      }
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
