// Logits and labels collected batch after batch, for the metrics that need all rows at once: five bytes a row, and
// four each for a weight and a group where rows have them.
import { UserError } from '../errors.js';
import { auc, aucOf } from './auc.js';
import { type Calibration, calibration } from './calibration.js';
import { logloss, normalizedEntropy } from './logloss.js';
import { prAuc, prAucOf } from './pr-auc.js';
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

/** What rows may carry beside logit and label, (rows) each. */
export interface RowExtras {
  /** What a row counts in every metric. */
  readonly weights?: Float32Array | null;
  readonly groups?: Uint32Array | null;
}

/** Grows as rows come in. */
export class Scores {
  private logitBuffer: Float32Array;
  private labelBuffer: Uint8Array;
  private weightBuffer: Float32Array | null = null;
  private groupBuffer: Uint32Array | null = null;
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

  /** (rows), as `logits`; null where rows have none. */
  get weights(): Float32Array | null {
    return this.weightBuffer?.subarray(0, this.count) ?? null;
  }

  /** (rows), as `logits`; null where rows have none. */
  get groups(): Uint32Array | null {
    return this.groupBuffer?.subarray(0, this.count) ?? null;
  }

  /**
   * Appends rows: equally many logits and labels, and what the rows before them had too.
   *
   * @throws UserError for a label that is neither 0 nor 1; no row is then added
   */
  add(
    logits: Float32Array,
    labels: Float32Array | Uint8Array,
    { weights = null, groups = null }: RowExtras = {},
  ): void {
    if (labels.length !== logits.length) {
      throw new RangeError(`${logits.length} logits but ${labels.length} labels`);
    }
    const needed = this.count + logits.length;
    this.weightBuffer = appended(this.weightBuffer, weights, this.count, logits, Float32Array);
    this.groupBuffer = appended(this.groupBuffer, groups, this.count, logits, Uint32Array);
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
    const { rows, logits, labels, weights } = this;
    const ranked = rankClasses(logits, labels);
    return {
      rows,
      auc: weights ? auc(logits, labels, weights) : aucOf(ranked),
      prAuc: weights ? prAuc(logits, labels, weights) : prAucOf(ranked),
      logloss: logloss(logits, labels, weights),
      normalizedEntropy: normalizedEntropy(logits, labels, weights),
      calibration: calibration(logits, labels, weights),
    };
  }
}

/** `buffer` with `values` at `count`, grown where it must be. All rows have values, or none has. */
function appended<T extends Float32Array | Uint32Array>(
  buffer: T | null,
  values: T | null,
  count: number,
  logits: Float32Array,
  type: new (length: number) => T,
): T | null {
  if ((count > 0 && (buffer === null) !== (values === null)) || (values && values.length !== logits.length)) {
    throw new RangeError(
      `${logits.length} logits, but not as many weights or groups, as the rows before them`,
    );
  }
  if (values === null) return buffer;
  const needed = count + values.length;
  let room = buffer;
  if (room === null || needed > room.length) {
    room = new type(Math.max(needed, 2 * (buffer?.length ?? 0)));
    if (buffer) room.set(buffer.subarray(0, count));
  }
  room.set(values, count);
  return room;
}
