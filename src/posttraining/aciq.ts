// Each row cut at the distance α from its mean that is best for a Gaussian or a Laplace distribution (ACIQ: Banner et al.
// 2019, "Post-training 4-bit quantization of convolution networks for rapid-deployment"). α is a constant of the width times the
// standard deviation, or times the mean deviation; of both models the one whose own mean square error is smaller is taken.
// Unlike that code, which guesses the deviation from the range, it is that of the row: a row has few values.
import { rangeQuantizer } from './affine-row.js';
import { type QuantizedBits, type QuantizerSpec, quantizedBits } from './quantizer.js';

interface Model {
  /** α of a distribution of deviation 1. */
  readonly clip: number;
  /** The mean square error that the model has there. */
  readonly error: number;
}

/** Beyond α, and within: α² / (3 · 4^M). */
const rounding = (clip: number, bits: number) => clip ** 2 / (3 * 4 ** bits);
/** Of mean deviation 1: 2 exp(−α) beyond α. */
const laplace = (clip: number, bits: number): Model => ({
  clip,
  error: 2 * Math.exp(-clip) + rounding(clip, bits),
});

/**
 * α by width, for codes spread over −α … α. The error of the Gaussian, (1 + α²)(1 − erf(α / √2)) − √(2/π) α exp(−α² / 2) +
 * α² / (3 · 4^M), from Python's math.erf.
 */
const models = {
  2: { gauss: { clip: 1.71064, error: 0.08714848263431457 }, laplace: laplace(2.83068, 2) },
  4: { gauss: { clip: 2.55914, error: 0.010493254196495211 }, laplace: laplace(5.02864, 4) },
  8: { gauss: { clip: 3.92403, error: 8.70778989740961e-5 }, laplace: laplace(9.89676, 8) },
} as const satisfies Record<QuantizedBits, { gauss: Model; laplace: Model }>;

/** Mean of a row, its greatest values on both sides, and how far values lie from the mean. */
function rowMoments(values: Float32Array, from: number, dim: number) {
  let sum = 0;
  let least = Infinity;
  let most = -Infinity;
  for (let at = from; at < from + dim; at++) {
    sum += values[at];
    least = Math.min(least, values[at]);
    most = Math.max(most, values[at]);
  }
  const mean = sum / dim;
  let squares = 0;
  let magnitudes = 0;
  for (let at = from; at < from + dim; at++) {
    squares += (values[at] - mean) ** 2;
    magnitudes += Math.abs(values[at] - mean);
  }
  return { mean, least, most, variance: squares / dim, meanDeviation: magnitudes / dim };
}

/** ACIQ of the paper. */
export const aciq = {
  summary: 'each row cut where a Gaussian or Laplace distribution is best cut (ACIQ)',
  kind: 'affine',
  bits: quantizedBits,
  async create(settings) {
    const { gauss, laplace } = models[settings.bits];
    return rangeQuantizer(settings, (values, from, range) => {
      const { mean, least, most, variance, meanDeviation } = rowMoments(values, from, settings.dim);
      const isLaplace = meanDeviation ** 2 * laplace.error < variance * gauss.error;
      const clip = isLaplace ? meanDeviation * laplace.clip : Math.sqrt(variance) * gauss.clip;
      const isWhole = clip >= (most - least) / 2;
      range.least = isWhole ? least : Math.max(least, Math.fround(mean - clip));
      range.most = isWhole ? most : Math.fround(range.least + 2 * clip);
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
