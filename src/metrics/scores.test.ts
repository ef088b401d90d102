import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { calibration, sigmoid } from './calibration.js';
import { crossEntropy, logloss, normalizedEntropy } from './logloss.js';
import { meanDeviation } from './mean-deviation.js';
import { Scores } from './scores.js';

const rows = 2000;
const word = (i: number, factor: number): number => Math.imul(i, factor) >>> 0;
const logits = Float32Array.from({ length: rows }, (_, i) => (word(i, 2654435761) >>> 22) / 64 - 10);
const labels = Float32Array.from({ length: rows }, (_, i) =>
  word(i + 7, 2246822519) < 2 ** 32 * (0.1 + (logits[i] > -2 ? 0.3 : 0)) ? 1 : 0,
);

// scikit-learn 1.9.1, numpy 2.4.6:
//   i = np.arange(2000, dtype=np.uint64)
//   h = (i * 2654435761) % 2**32
//   g = ((i + 7) * 2246822519) % 2**32
//   logits = ((h // 2**22).astype(np.float64) / 64 - 10).astype(np.float32)
//   labels = (g < 2**32 * (0.1 + 0.3 * (logits > -2))).astype(np.uint8)
//   p = 1 / (1 + np.exp(-logits.astype(np.float64)))
//   roc_auc_score(labels, logits), average_precision_score(labels, logits), log_loss(labels, p), p.mean()
//   log_loss(labels, p) / log_loss(labels, np.full(2000, labels.mean()))
const golden = {
  positives: 506,
  auc: 0.6918272563243753,
  prAuc: 0.3721268672801906,
  logloss: 1.1526287566624254,
  predicted: 0.3746212766042826,
  normalizedEntropy: 2.0378613858694004,
};
// The last digits depend on exp, log and the order of the sum.
const digits = 13;

describe('metrics', () => {
  it('agree with scikit-learn, batch after batch', () => {
    const scores = new Scores(1);
    for (let start = 0; start < rows; start += 300) {
      scores.add(logits.subarray(start, start + 300), labels.subarray(start, start + 300));
    }
    const metrics = scores.metrics();
    expect(metrics.rows).toBe(rows);
    expect(metrics.auc).toBeCloseTo(golden.auc, 15);
    expect(metrics.prAuc).toBeCloseTo(golden.prAuc, 14);
    expect(metrics.logloss).toBeCloseTo(golden.logloss, digits);
    expect(metrics.normalizedEntropy).toBeCloseTo(golden.normalizedEntropy, digits);
    expect(metrics.calibration?.predicted).toBeCloseTo(golden.predicted, digits);
    expect(metrics.calibration?.observed).toBe(golden.positives / rows);
    expect(metrics.calibration?.ratio).toBeCloseTo((golden.predicted * rows) / golden.positives, digits);
  });

  it('collect what was added, in whatever pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { maxLength: 8 }),
        fc.integer({ min: 0, max: 100 }),
        (pieces, capacity) => {
          const scores = new Scores(capacity);
          let at = 0;
          for (const length of pieces) {
            scores.add(logits.subarray(at, at + length), labels.subarray(at, at + length));
            at += length;
          }
          expect(scores.logits).toEqual(logits.subarray(0, at));
          expect([...scores.labels]).toEqual([...labels.subarray(0, at)]);
        },
      ),
    );
  });

  it('count a row of weight 3 as three rows, batch after batch', () => {
    const weights = Float32Array.from({ length: rows }, (_, i) => 1 + (word(i, 3266489917) % 3));
    const groups = Uint32Array.from({ length: rows }, (_, i) => i % 7);
    const [weighted, repeated] = [new Scores(1), new Scores()];
    for (let start = 0; start < rows; start += 300) {
      const part = [start, start + 300] as const;
      const extras = { weights: weights.subarray(...part), groups: groups.subarray(...part) };
      weighted.add(logits.subarray(...part), labels.subarray(...part), extras);
    }
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < weights[i]; k++) {
        repeated.add(logits.subarray(i, i + 1), labels.subarray(i, i + 1));
      }
    }
    const [found, expected] = [weighted.metrics(), repeated.metrics()];
    expect(found.rows).toBe(rows);
    for (const metric of ['auc', 'logloss', 'normalizedEntropy'] as const) {
      expect(found[metric], metric).toBeCloseTo(expected[metric] ?? Number.NaN, digits);
      expect(Math.abs((found[metric] ?? 0) - golden[metric])).toBeGreaterThan(1e-5);
    }
    for (const rate of ['predicted', 'observed', 'ratio'] as const) {
      expect(found.calibration?.[rate]).toBeCloseTo(expected.calibration?.[rate] ?? Number.NaN, digits);
    }
    expect(weighted.weights).toEqual(weights);
    expect(weighted.groups).toEqual(groups);
    expect(repeated.weights).toBeNull();
    expect(() => weighted.add(new Float32Array(1), new Float32Array(1))).toThrow(RangeError);
  });

  it('refuse a label that is neither 0 nor 1, and keep what they had', () => {
    const scores = new Scores();
    scores.add(new Float32Array([1]), new Float32Array([1]));
    expect(() => scores.add(new Float32Array([1, 2]), new Float32Array([1, 0.5]))).toThrow(
      new UserError('The label of row 2 is 0.5; it must be 0 or 1.'),
    );
    expect(scores.rows).toBe(1);
    expect(() => scores.add(new Float32Array(2), new Float32Array(1))).toThrow(RangeError);
  });

  it('are null where they are undefined', () => {
    expect(new Scores().metrics()).toEqual({
      rows: 0,
      auc: null,
      prAuc: null,
      logloss: null,
      normalizedEntropy: null,
      calibration: null,
    });
    const zeros = new Float32Array(3);
    expect(normalizedEntropy(zeros, zeros)).toBeNull();
    expect(
      normalizedEntropy(
        zeros,
        zeros.map(() => 1),
      ),
    ).toBeNull();
    expect(calibration(zeros, zeros)).toEqual({ predicted: 0.5, observed: 0, ratio: null });
  });
});

describe('cross-entropy', () => {
  it('is −log of the probability of the label, where that can be computed', () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (logit) => {
        const probability = 1 / (1 + Math.exp(-logit));
        expect(sigmoid(logit)).toBeCloseTo(probability, 15);
        // log(1 − p) loses digits where p is near 1; the other side does not.
        if (logit < 0) expect(crossEntropy(logit, 0)).toBeCloseTo(-Math.log1p(-probability), 14);
        else expect(crossEntropy(logit, 1)).toBeCloseTo(-Math.log(probability), 14);
        expect(crossEntropy(logit, 0) - crossEntropy(logit, 1)).toBeCloseTo(logit, 12);
      }),
    );
  });

  it('does not overflow', () => {
    expect(crossEntropy(1e30, 0)).toBe(1e30);
    expect(crossEntropy(-1e30, 1)).toBe(1e30);
    expect(crossEntropy(1e30, 1)).toBe(0);
    expect(crossEntropy(-800, 0)).toBe(0);
    expect(crossEntropy(Number.POSITIVE_INFINITY, 1)).toBe(0);
    expect(crossEntropy(Number.POSITIVE_INFINITY, 0)).toBe(Number.POSITIVE_INFINITY);
    expect([sigmoid(-800), sigmoid(800)]).toEqual([0, 1]);
    expect(logloss(new Float32Array([0]), new Float32Array([1]))).toBe(Math.log(2));
  });
});

describe('meanDeviation', () => {
  it('is the mean and the sample standard deviation', () => {
    // numpy.std([0.1, 0.4, 0.7, 0.75], ddof=1)
    const { count, mean, deviation } = meanDeviation([0.1, 0.4, 0.7, 0.75]);
    expect(count).toBe(4);
    expect(mean).toBeCloseTo(0.4875, 15);
    expect(deviation).toBeCloseTo(0.3010398644698074, 15);
    expect(meanDeviation([5])).toEqual({ count: 1, mean: 5, deviation: null });
    expect(meanDeviation([])).toEqual({ count: 0, mean: null, deviation: null });
  });
});
