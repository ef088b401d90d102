// The way that all greedy searches of a range go: from the row's least and greatest value inwards, one of b bins at a time,
// at the end where the row then loses less (the upper end when equal). In fp32, as ATen's choose_qparams_optimized. What
// of this way is taken as the range is what the searches differ in.
import { fullRange, type Range, type RangeLoss, rangeLoss } from './affine-row.js';
import type { QuantizerSettings } from './quantizer.js';

const f = Math.fround;
/** b of the paper. */
export const BINS = 200;

/** Where the search of a row stands. */
export class GreedyWalk {
  /** The range now, */
  readonly range: Range = { least: 0, most: 0 };
  /** and what the row loses by it. */
  loss = 0;
  /** The least value one bin higher, the greatest one bin lower: both after `look`. */
  nextLeast = 0;
  nextMost = 0;
  /** What the row loses with the one, and with the other. */
  lossAbove = 0;
  lossBelow = 0;
  readonly #rangeLoss: RangeLoss;
  readonly #dim: number;
  readonly #binsKept: number;
  readonly #next: Range = { least: 0, most: 0 };
  #step = 0;
  #threshold = 0;
  #values: Float32Array = new Float32Array();
  #from = 0;

  /** Stops at `binsKept` bins: b(1 − r). */
  constructor(settings: QuantizerSettings, binsKept: number) {
    this.#rangeLoss = rangeLoss(settings);
    this.#dim = settings.dim;
    this.#binsKept = binsKept;
  }

  /** To the whole range of a row. */
  start(values: Float32Array, from: number): void {
    this.#values = values;
    this.#from = from;
    fullRange(values, from, this.#dim, this.range);
    this.#step = f(f(this.range.most - this.range.least) / BINS);
    this.#threshold = f(this.#binsKept * this.#step);
    this.loss = this.#rangeLoss(values, from, this.range);
  }

  /** Looks at both ways on; false when there is none, the range being as small as it may get. */
  look(): boolean {
    const { least, most } = this.range;
    if (!(f(least + this.#threshold) < most)) return false;
    this.nextLeast = f(least + this.#step);
    this.nextMost = f(most - this.#step);
    this.lossAbove = this.#lossOf(this.nextLeast, most);
    this.lossBelow = this.#lossOf(least, this.nextMost);
    // A row far from zero may have a bin too small to move its end. ATen looks at the same range forever.
    return this.lossAbove < this.lossBelow ? this.nextLeast !== least : this.nextMost !== most;
  }

  /** Takes the way that loses less. */
  move(): void {
    if (this.lossAbove < this.lossBelow) {
      this.range.least = this.nextLeast;
      this.loss = this.lossAbove;
    } else {
      this.range.most = this.nextMost;
      this.loss = this.lossBelow;
    }
  }

  #lossOf(least: number, most: number): number {
    this.#next.least = least;
    this.#next.most = most;
    return this.#rangeLoss(this.#values, this.#from, this.#next);
  }
}
