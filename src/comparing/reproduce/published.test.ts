// The paper's numbers, typed in a second time: spot values of every table, and sums of all of them.
import { describe, expect, it } from 'vitest';
import { paperData, table1, table2, table3 } from './published.js';

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

describe('table 1', () => {
  it('has the paper’s rows in its order', () => {
    expect(Object.keys(table1).join(' ')).toBe(
      'FP Hashing Pruning PACT LSQ LPT(DR) LPT(SR) ALPT(DR) ALPT(SR)',
    );
  });

  it('has the sums of the printed columns', () => {
    const rows = Object.values(table1);
    // Added up by a program that read them from the paper's text, not from published.ts.
    expect(total(rows.map(({ avazu }) => avazu.auc))).toBeCloseTo(7.116, 10);
    expect(total(rows.map(({ criteo }) => criteo.auc))).toBeCloseTo(7.3003, 10);
    expect(total(rows.map(({ avazu }) => avazu.logloss))).toBeCloseTo(3.35948, 10);
    expect(total(rows.map(({ criteo }) => criteo.logloss))).toBeCloseTo(3.96684, 10);
    expect(total(rows.map(({ avazu }) => avazu.epochs * avazu.minutes))).toBe(
      6 + 6 + 27 + 6 + 6 + 90 + 6 + 7 + 7,
    );
    expect(total(rows.map(({ criteo }) => criteo.epochs * criteo.minutes))).toBe(
      81 + 99 + 128 + 81 + 81 + 135 + 81 + 66 + 99,
    );
    expect(total(rows.flatMap(({ ratios }) => ratios))).toBeCloseTo(
      1 + 2 + 1 + 1 + 1 + 4 + 4 + 6.4 + 1 + 2 + 2 + 4 + 4 + 4 + 4 + 6.4,
      10,
    );
    expect(total(rows.map(({ avazu }) => avazu.aucDeviation))).toBeCloseTo(21e-4, 10);
    expect(total(rows.map(({ criteo }) => criteo.loglossDeviation))).toBeCloseTo(61e-5, 10);
  });
});

it('table 2: the best of each column', () => {
  expect(table2.LSQ.avazu[2].auc).toBe(0.7912);
  expect(table2.LSQ.avazu[4]).toEqual({ auc: 0.794, logloss: 0.37129 });
  expect(table2.LSQ.criteo[2].logloss).toBe(0.44296);
  expect(table2.PACT.criteo[4]).toEqual({ auc: 0.8114, logloss: 0.4403 });
  const all = Object.values(table2).flatMap((row) =>
    Object.values(row).flatMap((bits) => Object.values(bits)),
  );
  expect(all).toHaveLength(16);
  expect(total(all.map(({ auc }) => auc))).toBeCloseTo(12.74, 10);
  expect(total(all.map(({ logloss }) => logloss))).toBeCloseTo(6.57076, 10);
});

it('table 3: ALPT is the best of each column', () => {
  for (const dataset of ['avazu', 'criteo'] as const) {
    for (const half of ['dim', 'threshold'] as const) {
      const best = Math.max(...Object.values(table3).map((row) => row[dataset][half].auc));
      expect(table3['ALPT(SR)'][dataset][half].auc).toBe(best);
    }
  }
  expect(table3.FP.criteo).toEqual({
    dim: { auc: 0.8123, logloss: 0.44039 },
    threshold: { auc: 0.8125, logloss: 0.43975 },
  });
  const all = Object.values(table3).flatMap((row) =>
    Object.values(row).flatMap((half) => Object.values(half)),
  );
  expect(total(all.map(({ auc }) => auc))).toBeCloseTo(9.6388, 10);
  expect(total(all.map(({ logloss }) => logloss))).toBeCloseTo(4.86699, 10);
});

it('the data sets', () => {
  expect(paperData.criteo).toMatchObject({
    features: 1086895,
    moreFeatures: 6780382,
    minCount: 10,
    lowerMinCount: 2,
  });
  expect(paperData.avazu).toMatchObject({
    features: 4428293,
    moreFeatures: 9449238,
    minCount: 2,
    lowerMinCount: 1,
  });
  // 8:1:1 as the paper's author split them.
  expect(paperData.criteo.rows).toBe(36_672_494 + 4_584_061 + 4_584_062);
  expect(paperData.avazu.rows).toBe(32_343_174 + 4_042_897 + 4_042_896);
});
