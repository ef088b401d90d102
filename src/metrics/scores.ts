// Logits and labels collected batch after batch, for the metrics that need all rows at once: five bytes a row.
import { UserError } from '../errors.js';
import { aucOf } from './auc.js';
import { type Calibration, calibration } from './calibration.js';
import { logloss, normalizedEntropy } from './logloss.js';
import { prAucOf } from './pr-auc.js';
import { rankClasses } from './ranking.js';

/** What a model's scores on a split are worth. A metric that is undefined is null. */
export interface Metrics {
  readonly rows: number;
  readonly auc: number | null;
  /** Average precision; by chance it is the share of ones. */
  readonly prAuc: number | null;
  readonly logloss: number | null;
  readonly normalizedEntropy: number | null;
  readonly calibration: Calibration | null;
}

/** Grows as rows come in. */
export class Scores {
  private logitBuffer: Float32Array;
  private labelBuffer: Uint8Array;
  private count = 0;

  /** @param capacity rows to make room for at first */
  constructor(capacity = 65_536) {
    this.logitBuffer = new Float32Array(Math.max(1, capacity));
    this.labelBuffer = new Uint8Array(Math.max(1, capacity));
  }

  get rows(): number {
    return this.count;
  }

  /** (rows), in the order added; a view that the next `add` may leave behind. */
  get logits(): Float32Array {
    return this.logitBuffer.subarray(0, this.count);
  }

  /** (rows), as `logits`. */
  get labels(): Uint8Array {
    return this.labelBuffer.subarray(0, this.count);
  }

  /**
   * Appends rows: equally many logits and labels.
   *
   * @throws UserError for a label that is neither 0 nor 1; no row is then added
   */
  add(logits: Float32Array, labels: Float32Array | Uint8Array): void {
    if (labels.length !== logits.length) {
      throw new RangeError(`${logits.length} logits but ${labels.length} labels`);
    }
    const needed = this.count + logits.length;
    if (needed > this.logitBuffer.length) {
      const capacity = Math.max(needed, 2 * this.logitBuffer.length);
      const grownLogits = new Float32Array(capacity);
      const grownLabels = new Uint8Array(capacity);
      grownLogits.set(this.logits);
      grownLabels.set(this.labels);
      this.logitBuffer = grownLogits;
      this.labelBuffer = grownLabels;
    }
    this.logitBuffer.set(logits, this.count);
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i];
      if (label !== 0 && label !== 1) {
        throw new UserError(`The label of row ${this.count + i} is ${label}; it must be 0 or 1.`);
      }
      this.labelBuffer[this.count + i] = label;
    }
    this.count = needed;
  }

  /** @throws UserError for a NaN among the logits */
  metrics(): Metrics {
    const { rows, logits, labels } = this;
    const ranked = rankClasses(logits, labels);
    return {
      rows,
      auc: aucOf(ranked),
      prAuc: prAucOf(ranked),
      logloss: logloss(logits, labels),
      normalizedEntropy: normalizedEntropy(logits, labels),
      calibration: calibration(logits, labels),
    };
  }
}
