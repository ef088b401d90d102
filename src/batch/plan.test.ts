import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBytes, type RowPlan, RowPlanner } from './plan.js';

function startsOf(groups: readonly unknown[][]): number[] {
  const starts = [0];
  for (const group of groups) starts.push(starts[starts.length - 1] + group.length);
  return starts;
}

/** The plan by Map, sort and filter: its specification. */
function referencePlan(tableRows: number[][], microRows: number): RowPlan {
  const F = tableRows[0]?.length ?? 0;
  const rows = [...new Set(tableRows.flat())].sort((a, b) => a - b);
  const indexOf = new Map(rows.map((row, index) => [row, index]));
  const positions = tableRows.flat().map((row) => indexOf.get(row) ?? -1);
  const microBatches = Array.from({ length: Math.ceil(tableRows.length / microRows) }, (_, m) => {
    const inMicro = positions.slice(m * microRows * F, (m + 1) * microRows * F);
    const local = [...new Set(inMicro)].sort((a, b) => a - b);
    const groups = local.map((index) => inMicro.flatMap((other, at) => (other === index ? [at] : [])));
    return { local, starts: startsOf(groups), occurrences: groups.flat() };
  });
  const sums = rows.map((_, index) =>
    microBatches.flatMap(({ local }, m) => (local.includes(index) ? [[m, local.indexOf(index)]] : [])),
  );
  return {
    rows: Uint32Array.from(rows),
    positions: Uint32Array.from(positions),
    microBatches: microBatches.map(({ local, starts, occurrences }) => ({
      local: Uint32Array.from(local),
      starts: Uint32Array.from(starts),
      occurrences: Uint32Array.from(occurrences),
    })),
    sumStarts: Uint32Array.from(startsOf(sums)),
    sumMicroBatches: Uint32Array.from(sums.flat().map(([m]) => m)),
    sumIndices: Uint32Array.from(sums.flat().map(([, index]) => index)),
  };
}

/** Fields with vocabularies of a few to a few thousand million rows, and one or two batches of ids. */
const problem = fc
  .array(
    fc.record({
      size: fc.integer({ min: 1, max: 40 }),
      gap: fc.constantFrom(0, 1, 3000, 5_000_000, 900_000_000),
    }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .chain((fields) => {
    const row = fc.tuple(...fields.map(({ size }) => fc.nat(size - 1)));
    return fc.record({
      offsets: fc.constant(
        fields.map((_, f) => fields.slice(0, f + 1).reduce((sum, field) => sum + field.size + field.gap, 0)),
      ),
      batches: fc.array(fc.array(row, { maxLength: 30 }), { minLength: 1, maxLength: 2 }),
      microRows: fc.integer({ min: 1, max: 20 }),
    });
  });

describe('RowPlanner', () => {
  it('agrees with the reference, its buffers used again', () => {
    fc.assert(
      fc.property(problem, ({ offsets, batches, microRows }) => {
        const planner = new RowPlanner(30, Uint32Array.from(offsets));
        for (const batch of batches) {
          const out = new SharedArrayBuffer(
            planBytes(batch.length, offsets.length, Math.ceil(batch.length / microRows)),
          );
          new Uint8Array(out).fill(0xa5);
          const plan = planner.plan(Uint32Array.from(batch.flat()), batch.length, microRows, out);
          const tableRows = batch.map((ids) => ids.map((id, f) => offsets[f] + id));
          expect(plan).toEqual(referencePlan(tableRows, microRows));
          expect(plan.rows.buffer).toBe(out);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([2047, 2048, 2 ** 22 - 1, 2 ** 22])('sorts enough digits for table row %i', (last) => {
    const planner = new RowPlanner(4, Uint32Array.from([0]));
    const ids = [last, 1, last - 1, 0];
    const plan = planner.plan(Uint32Array.from(ids), 4, 16, new ArrayBuffer(planBytes(4, 1, 1)));
    expect([...plan.rows]).toEqual([0, 1, last - 1, last]);
  });

  it('agrees with the reference on rows up to the last 32-bit number', () => {
    const planner = new RowPlanner(3, Uint32Array.from([0, 0xffff_fff0]));
    const ids = [0, 15, 7, 0, 0, 15];
    const plan = planner.plan(Uint32Array.from(ids), 3, 2, new ArrayBuffer(planBytes(3, 2, 2)));
    expect(plan).toEqual(
      referencePlan(
        [
          [0, 0xffff_ffff],
          [7, 0xffff_fff0],
          [0, 0xffff_ffff],
        ],
        2,
      ),
    );
  });

  it('takes a table that has some fields of the batch', () => {
    const planner = new RowPlanner(2, Uint32Array.from([10, 0]), Uint32Array.from([2, 0]), 3);
    const ids = Uint32Array.from([1, 99, 2, 1, 99, 3]);
    const plan = planner.plan(ids, 2, 16, new ArrayBuffer(planBytes(2, 2, 1)));
    expect(plan).toEqual(
      referencePlan(
        [
          [12, 1],
          [13, 1],
        ],
        16,
      ),
    );
  });

  it('refuses more rows than it was made for', () => {
    const planner = new RowPlanner(2, Uint32Array.from([0]));
    expect(() => planner.plan(new Uint32Array(3), 3, 16, new ArrayBuffer(1000))).toThrow(RangeError);
  });
});
