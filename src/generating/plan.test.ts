import { describe, expect, it } from 'vitest';
import { uniqueTableRows } from './batch-rows.js';
import { expectedFeatures, expectedUniqueRows, planLaws } from './plan.js';
import { shapes } from './registry.js';

describe('the laws reproduce the published numbers of features', () => {
  // ALPT (AAAI 2023), table 2 and its author's pipeline; of Criteo without the 13 numbers, which have some hundred values.
  it.each([
    { like: 'criteo', count: 1, published: 33_762_577, within: 0.001 },
    { like: 'criteo', count: 2, published: 6_780_382, within: 0.01 },
    { like: 'criteo', count: 10, published: 1_086_895, within: 0.02 },
    { like: 'avazu', count: 1, published: 9_449_205, within: 0.001 }, // 9,449,238 without 33 times of the day and week
    { like: 'avazu', count: 2, published: 4_428_293, within: 0.02 },
  ] as const)('$like, seen $count times or more', ({ like, count, published, within }) => {
    const { rows } = shapes[like];
    const expected = expectedFeatures(planLaws(shapes[like], rows), rows, count);
    expect(Math.abs(expected / published - 1)).toBeLessThan(within);
  });

  it('and about 30,000 unique rows in a batch of 10,000 of Criteo at its threshold', () => {
    const shape = shapes.criteo;
    const laws = planLaws(shape, shape.rows);
    const expected = expectedUniqueRows(laws, shape.rows, shape.minCount, 10_000);
    expect(expected).toBeGreaterThan(29_000);
    expect(expected).toBeLessThan(33_000);
    const counted = uniqueTableRows(shape, laws, { seed: 1, rows: shape.rows, minCount: 10, batch: 10_000 });
    // Numbers are some hundred rows more.
    expect(counted - expected).toBeGreaterThan(0);
    expect(counted - expected).toBeLessThan(1000);
  });
});

describe('--features', () => {
  it.each([2500, 50_000, 300_000])('%i are that many different values in the file', (features) => {
    const laws = planLaws(shapes.criteo, 100_000, features);
    const expected = expectedFeatures(laws, 100_000, 1);
    expect(Math.abs(expected / features - 1)).toBeLessThan(0.02);
    // The smallest fields keep their values.
    expect(laws[8].values).toBe(3);
  });

  it('are refused where no such file can be', () => {
    expect(() => planLaws(shapes.avazu, 1000, 10)).toThrow(
      /The number of features is 10, but must be from \d+ to \d+ for 1000 rows\./,
    );
    expect(() => planLaws(shapes.avazu, 1000, 1e6)).toThrow(/must be from/);
  });
});
