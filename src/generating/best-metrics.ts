// What the planted probabilities themselves are worth on the labels drawn from them: no model can do better but by
// chance. AUC by a histogram of logits, whose bins count as ties: 2^16 bins over −16 … 16 leave the fifth digit alone.

const bins = 1 << 16;
const range = 16;

/** What the planted model scores on the rows it labelled. */
export interface BestMetrics {
  /** null with one class only. */
  readonly auc: number | null;
  readonly logloss: number;
}

/** Counts of labels by the logit they were drawn from; whole numbers, so the order of adding does not matter. */
export class LogitHistogram {
  /** (2, bins): negatives, then positives. */
  readonly counts = new Float64Array(2 * bins);

  add(logit: number, label: 0 | 1): void {
    const bin = Math.floor(((logit + range) / (2 * range)) * bins);
    this.counts[label * bins + Math.min(Math.max(bin, 0), bins - 1)]++;
  }

  merge(counts: Float64Array): void {
    for (let i = 0; i < counts.length; i++) this.counts[i] += counts[i];
  }

  /** null with one class only. */
  auc(): number | null {
    let pairs = 0;
    let negatives = 0;
    let positives = 0;
    for (let bin = 0; bin < bins; bin++) {
      const negative = this.counts[bin];
      const positive = this.counts[bins + bin];
      pairs += positive * (negatives + negative / 2);
      negatives += negative;
      positives += positive;
    }
    return negatives > 0 && positives > 0 ? pairs / (negatives * positives) : null;
  }
}
