import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostStoredRows, PairPlanner, pairPlanBytes, pairPlannerBytes } from './pair-planner.js';

/** A table of a few to thousands of millions of rows, and one or two sets of its rows. */
const problem = fc
  .record({
    ratio: fc.oneof(fc.integer({ min: 2, max: 9 }), fc.constantFrom(64, 1000)),
    features: fc.constantFrom(1, 2, 10, 100, 5000, 2 ** 32 - 1),
  })
  .chain(({ ratio, features }) =>
    fc.record({
      ratio: fc.constant(ratio),
      features: fc.constant(features),
      sets: fc.array(fc.uniqueArray(fc.nat(features - 1), { maxLength: 60 }), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
  );

describe('PairPlanner', () => {
  it('agrees with what the words say, its buffers used again', () => {
    fc.assert(
      fc.property(problem, ({ ratio, features, sets }) => {
        const size = { quotients: Math.ceil(features / ratio), remainders: ratio };
        const planner = new PairPlanner(size);
        expect(planner.bytes).toBe(pairPlannerBytes(size));
        for (const set of sets) {
          const unique = [...set].sort((a, b) => a - b);
          const pairOf = (row: number) => [Math.floor(row / ratio), size.quotients + (row % ratio)];
          const rows = [...new Set(unique.flatMap(pairOf))].sort((a, b) => a - b);
          const membersOf = rows.map((stored) =>
            unique.flatMap((row, u) => (pairOf(row).includes(stored) ? [u] : [])),
          );
          const starts = [0];
          for (const members of membersOf) starts.push(starts[starts.length - 1] + members.length);

          const out = new SharedArrayBuffer(pairPlanBytes(size, unique.length) + 64);
          new Uint8Array(out).fill(0xa5);
          expect(planner.plan(Uint32Array.from(unique), out, 64)).toEqual({
            rows: Uint32Array.from(rows),
            pairs: Uint32Array.from(unique.flatMap((row) => pairOf(row).map((of) => rows.indexOf(of)))),
            starts: Uint32Array.from(starts),
            members: Uint32Array.from(membersOf.flat()),
          });
          expect(rows.length).toBeLessThanOrEqual(mostStoredRows(size, unique.length));
        }
      }),
      { numRuns: 300 },
    );
  });
});
