// Each row between −c and c, c found by golden-section search on what the row loses (GSS of the paper). The paper gives no
// more than the name; the bracket is (0, m], m the greatest magnitude, until it is shorter than m / 1000. The loss has
// more than one minimum, so the search may end in a poor one: the best threshold it came by is taken, m among them.
import { type Range, rangeLoss, rangeQuantizer } from './affine-row.js';
import { type QuantizerSettings, type QuantizerSpec, quantizedBits } from './quantizer.js';
import { greatestMagnitude } from './symmetric.js';

const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** The bracket to stop at, as a share of the first. */
const SHORTEST = 1e-3;

function thresholdSearch(settings: QuantizerSettings): (values: Float32Array, from: number) => number {
  const loss = rangeLoss(settings);
  const range: Range = { least: 0, most: 0 };
  let best = 0;
  let bestLoss = 0;
  const lossAt = (values: Float32Array, from: number, threshold: number): number => {
    range.most = Math.fround(threshold);
    range.least = 0 - range.most;
    const lost = loss(values, from, range);
    if (lost < bestLoss) {
      bestLoss = lost;
      best = range.most;
    }
    return lost;
  };
  return (values, from) => {
    const greatest = greatestMagnitude(values, from, settings.dim);
    best = greatest;
    bestLoss = Infinity;
    lossAt(values, from, greatest);
    let low = 0;
    let high = greatest;
    let inner = high - GOLDEN * (high - low);
    let outer = low + GOLDEN * (high - low);
    let innerLoss = lossAt(values, from, inner);
    let outerLoss = lossAt(values, from, outer);
    while (high - low > SHORTEST * greatest) {
      if (innerLoss < outerLoss) {
        high = outer;
        outer = inner;
        outerLoss = innerLoss;
        inner = high - GOLDEN * (high - low);
        innerLoss = lossAt(values, from, inner);
      } else {
        low = inner;
        inner = outer;
        innerLoss = outerLoss;
        outer = low + GOLDEN * (high - low);
        outerLoss = lossAt(values, from, outer);
      }
    }
    return best;
  };
}

/** GSS of the paper. */
export const gss = {
  summary: 'each row between plus and minus a threshold found by golden-section search (GSS)',
  kind: 'affine',
  bits: quantizedBits,
  async create(settings) {
    const search = thresholdSearch(settings);
    return rangeQuantizer(settings, (values, from, range) => {
      range.most = search(values, from);
      range.least = 0 - range.most;
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
