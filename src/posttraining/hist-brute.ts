// Each row cut to the window of its histogram that loses least, of all windows (HIST-BRUTE of the paper: L2 norm
// minimization of Caffe2). 20,100 windows a row. Over the bins each that is 200³ / 2 terms; here a window costs 2^M − 1
// (histogram.ts): about 300,000 terms a row at 4 bits, 60,000 at 2. The zero that Caffe2 takes into each range is not.
import { fullRange, rangeQuantizer } from './affine-row.js';
import { BINS, Histogram } from './histogram.js';
import type { QuantizerSpec } from './quantizer.js';

/** HIST-BRUTE of the paper. */
export const histBrute = {
  summary: 'each row cut to the best of all windows of its histogram (HIST-BRUTE)',
  kind: 'affine',
  // 256 codes are finer than the bins.
  bits: [4, 2],
  async create(settings) {
    const histogram = new Histogram(settings.bits);
    const losses = new Float64Array(BINS);
    return rangeQuantizer(settings, (values, from, range) => {
      fullRange(values, from, settings.dim, range);
      if (!histogram.count(values, from, settings.dim, range)) return;
      let best = Infinity;
      for (let width = 1; width <= BINS; width++) {
        const ofWidth = losses.subarray(0, BINS - width + 1);
        histogram.losses(width, ofWidth);
        for (let start = 0; start < ofWidth.length; start++) {
          if (ofWidth[start] >= best) continue;
          best = ofWidth[start];
          histogram.window(start, width, range);
        }
      }
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
