import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auc } from './auc.js';
import { groupedAuc, NO_GROUP, rankGroups } from './grouped-auc.js';
import { logloss } from './logloss.js';
import { sliceMetrics } from './slice-metrics.js';

const row = fc.record({
  logit: fc.oneof(fc.constantFrom(0, -0, 1, -1), fc.float({ noNaN: true })),
  label: fc.constantFrom(0, 1),
  group: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
  weight: fc.integer({ min: 1, max: 3 }),
});
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;

const columns = (rows: readonly Row[]) => ({
  logits: Float32Array.from(rows, ({ logit }) => logit),
  labels: Uint8Array.from(rows, ({ label }) => label),
  groups: Uint32Array.from(rows, ({ group }) => group),
  weights: Float32Array.from(rows, ({ weight }) => weight),
});

const aucOfRows = (rows: readonly Row[]) => auc(columns(rows).logits, columns(rows).labels);

describe('groupedAuc', () => {
  it('is the mean of the AUC of each group by itself, by rows', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const { logits, labels, groups } = columns(rows);
        const parts = [...new Set(groups)].map((group) => rows.filter((r) => r.group === group));
        const ranked = parts.filter((part) => aucOfRows(part) !== null);
        const weighted = ranked.reduce((sum, part) => sum + part.length * (aucOfRows(part) ?? 0), 0);
        const count = ranked.reduce((sum, part) => sum + part.length, 0);
        const result = groupedAuc(logits, labels, groups);
        expect(result).toEqual({
          auc: ranked.length === 0 ? null : expect.closeTo(weighted / count, 12),
          groups: ranked.length,
          rows: count,
          oneClassGroups: parts.length - ranked.length,
          oneClassRows: rows.length - count,
          ungroupedRows: 0,
        });
        // One group of all rows is the plain AUC.
        const [all] = rankGroups(logits, labels, groups.fill(9));
        expect(all?.auc ?? null).toBe(auc(logits, labels));
      }),
      { numRuns: 500 },
    );
  });

  it('counts a row of weight 3 as three rows', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        const { logits, labels, groups, weights } = columns(rows);
        const repeated = columns(rows.flatMap((r) => Array<Row>(r.weight).fill(r)));
        const expected = groupedAuc(repeated.logits, repeated.labels, repeated.groups);
        const result = groupedAuc(logits, labels, groups, weights);
        expect(result.groups).toBe(expected.groups);
        if (expected.auc === null) expect(result.auc).toBeNull();
        else expect(result.auc).toBeCloseTo(expected.auc, 12);
      }),
    );
  });

  it('agrees with scikit-learn', () => {
    // scikit-learn 1.9.1, logits and labels as in scores.test.ts:
    //   logits = np.round(logits); groups = (i * i) % 1009; weights = 1 + i % 4
    //   mean of roc_auc_score(labels[m], logits[m]) over the groups m with both classes, weighted by m.sum();
    //   with weights: sample_weight=weights[m], weighted by weights[m].sum()
    const rows = 2000;
    const word = (i: number, factor: number): number => Math.imul(i, factor) >>> 0;
    const fine = Float32Array.from({ length: rows }, (_, i) => (word(i, 2654435761) >>> 22) / 64 - 10);
    const labels = Uint8Array.from(fine, (z, i) =>
      word(i + 7, 2246822519) < 2 ** 32 * (0.1 + (z > -2 ? 0.3 : 0)) ? 1 : 0,
    );
    // Half to even, as numpy rounds.
    const logits = fine.map((z) => (z % 1 === -0.5 || z % 1 === 0.5 ? 2 * Math.round(z / 2) : Math.round(z)));
    const groups = Uint32Array.from({ length: rows }, (_, i) => 1 + ((i * i) % 1009));
    const result = groupedAuc(logits, labels, groups);
    expect(result.auc).toBeCloseTo(0.7055121527777773, 13);
    expect(result).toMatchObject({ groups: 387, oneClassGroups: 118, rows: 1536, oneClassRows: 464 });
    const weights = Float64Array.from({ length: rows }, (_, i) => 1 + (i % 4));
    expect(groupedAuc(logits, labels, groups, weights).auc).toBeCloseTo(0.7075234896077984, 13);
  });

  it('leaves out rows of no group', () => {
    const groups = new Uint32Array([NO_GROUP, 1, 1, NO_GROUP]);
    const result = groupedAuc(new Float32Array([9, 0, 1, -9]), new Uint8Array([0, 0, 1, 1]), groups);
    expect(result).toMatchObject({ auc: 1, groups: 1, rows: 2, ungroupedRows: 2 });
    expect(groupedAuc(new Float32Array(0), new Uint8Array(0), new Uint32Array(0)).auc).toBeNull();
    expect(() => groupedAuc(new Float32Array(2), new Uint8Array(2), new Uint32Array(1))).toThrow(RangeError);
  });
});

it('sliceMetrics count a row of weight 3 as three rows, but for the number of rows', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(row, fc.nat(2)), { maxLength: 30 }), (rows) => {
      const plain = columns(rows.map(([r]) => r));
      const slices = Uint32Array.from(rows, ([, slice]) => slice);
      const repeated = rows.flatMap(([r, slice]) => Array<(typeof rows)[0]>(r.weight).fill([r, slice]));
      const many = columns(repeated.map(([r]) => r));
      const manySlices = Uint32Array.from(repeated, ([, slice]) => slice);
      const expected = sliceMetrics(many.logits, many.labels, manySlices, 3);
      sliceMetrics(plain.logits, plain.labels, slices, 3, plain.weights).forEach((metrics, slice) => {
        const { auc: ranked, logloss: loss, calibration } = expected[slice];
        expect(metrics.rows).toBe(slices.filter((s) => s === slice).length);
        expect(metrics.auc).toEqual(ranked === null ? null : expect.closeTo(ranked, 12));
        // An infinite logit may have an infinite loss.
        if (loss === null || !Number.isFinite(loss)) expect(metrics.logloss).toBe(loss);
        else expect(Math.abs((metrics.logloss ?? 0) - loss)).toBeLessThanOrEqual(1e-9 * loss);
        if (calibration) expect(metrics.calibration?.observed).toBeCloseTo(calibration.observed, 12);
        if (calibration) expect(metrics.calibration?.predicted).toBeCloseTo(calibration.predicted, 12);
      });
    }),
  );
});

it('sliceMetrics are the metrics of each slice by itself', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(row, fc.nat(3)), { maxLength: 40 }), (rows) => {
      const { logits, labels } = columns(rows.map(([r]) => r));
      const slices = Uint32Array.from(rows, ([, slice]) => slice);
      sliceMetrics(logits, labels, slices, 4).forEach((metrics, slice) => {
        const own = columns(rows.flatMap(([r, s]) => (s === slice ? [r] : [])));
        const positives = own.labels.reduce((sum, label) => sum + label, 0);
        expect({ ...metrics, calibration: metrics.calibration?.observed }).toEqual({
          rows: own.labels.length,
          positives,
          auc: auc(own.logits, own.labels),
          logloss: logloss(own.logits, own.labels),
          calibration: own.labels.length === 0 ? undefined : positives / own.labels.length,
        });
      });
    }),
  );
  expect(() => sliceMetrics(new Float32Array(1), new Uint8Array(1), new Uint32Array([2]), 2)).toThrow(
    RangeError,
  );
});
