// A row as a histogram of equal bins, and what it loses when a window of bins is shared out among 2^M cells: the measure
// of both histogram searches (Caffe2, quantization/server/norm_minimization.cc), which is not what the row itself loses:
// values are taken as spread evenly over their bin, and a cell stands for its middle.
import type { Range } from './affine-row.js';
import type { QuantizedBits } from './quantizer.js';

/** As many bins as the greedy search of the paper has. */
export const BINS = 200;

/** The histogram of one row at a time. Positions are counted in bins from the row's least value. */
export class Histogram {
  /** Values in each bin. */
  readonly counts = new Float64Array(BINS);
  readonly #below = new Float64Array(BINS + 1); // ∫ of the density up to each edge of a bin
  readonly #twice = new Float64Array(BINS + 1); // the integral of that
  #first = 0; // ∫ position · density
  #second = 0; // ∫ position² · density
  #least = 0;
  #binWidth = 0;

  constructor(readonly bits: QuantizedBits) {}

  /** Counts a row whose least and greatest values are `range`. False where they are equal: nothing to be cut. */
  count(values: Float32Array, from: number, dim: number, range: Range): boolean {
    this.#least = range.least;
    this.#binWidth = (range.most - range.least) / BINS;
    if (this.#binWidth === 0) return false;
    this.counts.fill(0);
    for (let at = from; at < from + dim; at++) {
      this.counts[Math.min(BINS - 1, Math.floor((values[at] - this.#least) / this.#binWidth))]++;
    }
    this.#first = 0;
    this.#second = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const count = this.counts[bin];
      this.#below[bin + 1] = this.#below[bin] + count;
      this.#twice[bin + 1] = this.#twice[bin] + this.#below[bin] + count / 2;
      this.#first += count * (bin + 1 / 2);
      this.#second += count * (bin * bin + bin + 1 / 3);
    }
    return true;
  }

  /**
   * What windows of `width` bins lose, those from bin 0, 1, … on, as many as `losses` has room for:
   * ∫ density(x) · (x − middle of the cell of x)² dx, where cells share out the window and the first and the last go on beyond
   * it. Summed by parts, a window costs 2^M − 1 terms and not one for each bin: with c the last middle, W the width of a cell
   * and G the density integrated twice, it is ∫ x² − 2c ∫ x + c² ∫ 1 − 2W Σ G(edge between two cells), the integrals being of
   * the whole density. A cell of all windows at once, since their edges are whole bins apart.
   */
  losses(width: number, losses: Float64Array): void {
    const cellWidth = width / 2 ** this.bits;
    const twice = this.#twice;
    const below = this.#below;
    const counts = this.counts;
    losses.fill(0);
    for (let cell = 1; cell < 2 ** this.bits; cell++) {
      const bin = Math.floor(cell * cellWidth);
      const part = cell * cellWidth - bin;
      const halfSquare = (part * part) / 2;
      for (let start = 0; start < losses.length; start++) {
        const at = start + bin;
        losses[start] += twice[at] + part * below[at] + halfSquare * counts[at];
      }
    }
    for (let start = 0; start < losses.length; start++) {
      const last = start + width - cellWidth / 2;
      losses[start] =
        this.#second + last * (last * below[BINS] - 2 * this.#first) - 2 * cellWidth * losses[start];
    }
  }

  /** The range of the window [start, start + width). */
  window(start: number, width: number, range: Range): void {
    range.most = Math.fround(this.#least + this.#binWidth * (start + width));
    range.least = Math.fround(this.#least + this.#binWidth * start);
  }
}
