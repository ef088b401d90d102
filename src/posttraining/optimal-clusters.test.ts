// Exact one-dimensional k-means against trying every way to cut the list.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptimalClusters } from './optimal-clusters.js';

function squares(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/** The least cost of `sorted` in at most k runs. */
function leastCost(sorted: readonly number[], k: number): number {
  if (k === 1) return squares(sorted);
  let best = squares(sorted);
  for (let cut = 1; cut < sorted.length; cut++) {
    best = Math.min(best, leastCost(sorted.slice(0, cut), k - 1) + squares(sorted.slice(cut)));
  }
  return best;
}

function costOf(sorted: readonly number[], centroids: readonly number[]): number {
  return sorted.reduce((sum, v) => sum + Math.min(...centroids.map((c) => (v - c) ** 2)), 0);
}

/** Of lists of any length up to 40, with room for longer ones, as a quantizer has it. */
const clusters = new OptimalClusters(40, 8);

function clustered(sorted: readonly number[], k: number): number[] {
  const centroids = new Float64Array(k);
  const count = clusters.cluster(Float64Array.from(sorted), centroids);
  return [...centroids.subarray(0, count)];
}

const anySorted = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ min: -4, max: 4, noNaN: true })), {
      minLength: 1,
      maxLength,
    })
    .map((values) => values.sort((a, b) => a - b));

describe('one-dimensional k-means', () => {
  it('is the least cost of all ways to cut the list', () => {
    fc.assert(
      fc.property(anySorted(9), fc.integer({ min: 1, max: 4 }), (sorted, k) => {
        const centroids = clustered(sorted, k);
        expect(costOf(sorted, centroids)).toBeLessThanOrEqual(leastCost(sorted, k) + 1e-9);
        expect(centroids).toEqual([...centroids].sort((a, b) => a - b));
      }),
    );
  });

  it('finds it far from zero too, where squares alone would leave nothing', () => {
    const near = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 5, maxLength: 9 });
    fc.assert(
      fc.property(near, (values) => {
        const sorted = values.map((value) => value + 2 ** 36).sort((a, b) => a - b);
        expect(costOf(sorted, clustered(sorted, 3))).toBeCloseTo(leastCost(sorted, 3), 6);
      }),
    );
  });

  it('keeps up to k distinct numbers as they are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 8 }), (values) => {
        const distinct = values.sort((a, b) => a - b);
        expect(
          clustered(
            [...distinct, ...distinct].sort((a, b) => a - b),
            8,
          ),
        ).toEqual(distinct);
      }),
    );
  });

  it('costs no more with a cluster more, and does not remember the list before', () => {
    fc.assert(
      fc.property(anySorted(40), anySorted(40), (sorted, other) => {
        const costs = [1, 2, 3, 5, 8].map((k) => costOf(sorted, clustered(sorted, k)));
        for (const [i, cost] of costs.entries()) {
          if (i > 0) expect(cost).toBeLessThanOrEqual(costs[i - 1] + 1e-9);
        }
        const centroids = clustered(sorted, 3);
        clustered(other, 8);
        expect(clustered(sorted, 3)).toEqual(centroids);
      }),
    );
  });

  it('refuses more than it has room for', () => {
    expect(() => clusters.cluster(new Float64Array(41), new Float64Array(2))).toThrow('41 numbers');
  });
});
