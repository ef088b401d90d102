import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frontier } from './pareto.js';

interface Point {
  cost: number;
  value: number;
}

const beats = (a: Point, b: Point) =>
  a.cost <= b.cost && a.value >= b.value && (a.cost < b.cost || a.value > b.value);

describe('frontier', () => {
  it('has exactly the points that no other beats, one of equal ones', () => {
    // Few values, so that ties happen.
    const points = fc.array(
      fc.record({ cost: fc.integer({ min: 0, max: 6 }), value: fc.integer({ min: 0, max: 6 }) }),
    );
    fc.assert(
      fc.property(points, (all) => {
        const kept = frontier(all);
        const key = ({ cost, value }: Point) => `${cost} ${value}`;
        const unbeaten = all.filter((point) => !all.some((other) => beats(other, point)));
        expect(kept.map(key).sort()).toEqual([...new Set(unbeaten.map(key))].sort());
        for (const point of kept) expect(point).toBe(all.find((other) => key(other) === key(point)));
        expect(kept).toEqual([...kept].sort((a, b) => a.cost - b.cost));
      }),
      { numRuns: 500 },
    );
  });
});
