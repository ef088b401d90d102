import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBytes, type RowPlan } from './plan.js';
import { RowPlanner } from './row-planner.js';

function startsOf(groups: readonly unknown[][]): number[] {
  const starts = [0];
  for (const group of groups) starts.push(starts[starts.length - 1] + group.length);
  return starts;
}

/** The plan by Map, sort and filter: its specification. A row has its fields' segments, a segment its table rows. */
function referencePlan(
  batch: number[][][],
  microRows: number,
  isMean: boolean[] | null,
  F = batch[0].length,
): RowPlan {
  const perMicro = microRows * F;
  const segments = batch.flat();
  const offsets = startsOf(segments);
  const occurrencesOf = segments.flatMap((ids, segment) => ids.map((row) => ({ row, segment })));
  const rows = [...new Set(occurrencesOf.map(({ row }) => row))].sort((a, b) => a - b);
  const indexOf = new Map(rows.map((row, index) => [row, index]));
  const positions = occurrencesOf.map(({ row }) => indexOf.get(row) ?? -1);
  const microBatches = Array.from({ length: Math.ceil(batch.length / microRows) }, (_, m) => {
    const inMicro = occurrencesOf
      .filter(({ segment }) => Math.floor(segment / perMicro) === m)
      .map(({ row, segment }) => ({ index: indexOf.get(row) ?? -1, segment: segment - m * perMicro }));
    const local = [...new Set(inMicro.map(({ index }) => index))].sort((a, b) => a - b);
    const groups = local.map((unique) =>
      inMicro.filter(({ index }) => index === unique).map(({ segment }) => segment),
    );
    return { local, starts: startsOf(groups), occurrences: groups.flat(), firstSum: offsets[m * perMicro] };
  });
  const sums = rows.map((_, index) =>
    microBatches.flatMap(({ local, firstSum }, m) =>
      local.includes(index) ? [[m, (isMean ? firstSum : 0) + local.indexOf(index)]] : [],
    ),
  );
  return {
    rows: Uint32Array.from(rows),
    positions: Uint32Array.from(positions),
    bags: isMean && {
      offsets: Uint32Array.from(offsets),
      divisors: Float32Array.from(segments, (ids, segment) => (isMean[segment % F] ? ids.length : 1)),
    },
    microBatches: microBatches.map(({ local, starts, occurrences, firstSum }) => ({
      local: Uint32Array.from(local),
      starts: Uint32Array.from(starts),
      occurrences: Uint32Array.from(occurrences),
      firstSum,
    })),
    sumStarts: Uint32Array.from(startsOf(sums)),
    sumMicroBatches: Uint32Array.from(sums.flat().map(([m]) => m)),
    sumIndices: Uint32Array.from(sums.flat().map(([, index]) => index)),
    sumStride: isMean ? 0 : perMicro,
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
            planBytes(
              { rows: batch.length, fields: offsets.length, bagIds: null },
              Math.ceil(batch.length / microRows),
            ),
          );
          new Uint8Array(out).fill(0xa5);
          const plan = planner.plan(Uint32Array.from(batch.flat()), batch.length, microRows, out);
          const tableRows = batch.map((ids) => ids.map((id, f) => [offsets[f] + id]));
          expect(plan).toEqual(referencePlan(tableRows, microRows, null, offsets.length));
          expect(plan.rows.buffer).toBe(out);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([2047, 2048, 2 ** 22 - 1, 2 ** 22])('sorts enough digits for table row %i', (last) => {
    const planner = new RowPlanner(4, Uint32Array.from([0]));
    const ids = [last, 1, last - 1, 0];
    const plan = planner.plan(
      Uint32Array.from(ids),
      4,
      16,
      new ArrayBuffer(planBytes({ rows: 4, fields: 1, bagIds: null }, 1)),
    );
    expect([...plan.rows]).toEqual([0, 1, last - 1, last]);
  });

  it('agrees with the reference on rows up to the last 32-bit number', () => {
    const planner = new RowPlanner(3, Uint32Array.from([0, 0xffff_fff0]));
    const ids = [0, 15, 7, 0, 0, 15];
    const plan = planner.plan(
      Uint32Array.from(ids),
      3,
      2,
      new ArrayBuffer(planBytes({ rows: 3, fields: 2, bagIds: null }, 2)),
    );
    expect(plan).toEqual(
      referencePlan(
        [
          [[0], [0xffff_ffff]],
          [[7], [0xffff_fff0]],
          [[0], [0xffff_ffff]],
        ],
        2,
        null,
      ),
    );
  });

  it('takes a table that has some fields of the batch', () => {
    const planner = new RowPlanner(2, Uint32Array.from([10, 0]), null, Uint32Array.from([2, 0]), 3);
    const ids = Uint32Array.from([1, 99, 2, 1, 99, 3]);
    const plan = planner.plan(
      ids,
      2,
      16,
      new ArrayBuffer(planBytes({ rows: 2, fields: 2, bagIds: null }, 1)),
    );
    expect(plan).toEqual(
      referencePlan(
        [
          [[12], [1]],
          [[13], [1]],
        ],
        16,
        null,
      ),
    );
  });

  it('agrees with the reference on bags, its buffers used again', () => {
    const bagProblem = problem.chain(({ offsets, batches, microRows }) =>
      fc.record({
        offsets: fc.constant(offsets),
        microRows: fc.constant(microRows),
        isMean: fc.array(fc.boolean(), { minLength: offsets.length, maxLength: offsets.length }),
        // Each id becomes a bag of up to four: itself, its neighbours, itself again.
        batches: fc.constant(
          batches.map((batch) =>
            batch.map((ids, b) =>
              ids.map((id, f) => [id, ...[0, id, Math.max(0, id - 1)].slice(0, (b * 7 + f * 3 + id) % 4)]),
            ),
          ),
        ),
      }),
    );
    fc.assert(
      fc.property(bagProblem, ({ offsets, batches, microRows, isMean }) => {
        const F = offsets.length;
        const planner = new RowPlanner(30, Uint32Array.from(offsets), { mostIds: 30 * 4 * F, isMean });
        for (const batch of batches) {
          const ids = Uint32Array.from(batch.flat(2));
          const size = { rows: batch.length, fields: F, bagIds: ids.length };
          const out = new SharedArrayBuffer(planBytes(size, Math.ceil(batch.length / microRows)) + 64);
          new Uint8Array(out).fill(0xa5);
          const idOffsets = Uint32Array.from(startsOf(batch.flat()));
          const plan = planner.plan(ids, batch.length, microRows, out, 64, idOffsets);
          const tableRows = batch.map((row) => row.map((bag, f) => bag.map((id) => offsets[f] + id)));
          expect(plan).toEqual(referencePlan(tableRows, microRows, isMean, F));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('refuses bags of more ids than it was made for, and ids without their offsets', () => {
    const planner = new RowPlanner(2, Uint32Array.from([0]), { mostIds: 3, isMean: [true] });
    const plan = (ids: number, offsets?: Uint32Array) =>
      planner.plan(new Uint32Array(ids), 2, 16, new ArrayBuffer(1000), 0, offsets);
    expect(() => plan(4, Uint32Array.from([0, 3, 4]))).toThrow('2 rows with 4 ids are more than');
    expect(plan(3, Uint32Array.from([0, 2, 3])).positions.length).toBe(3);
    expect(() => plan(2)).toThrow('offsets');
  });

  it('refuses more rows than it was made for', () => {
    const planner = new RowPlanner(2, Uint32Array.from([0]));
    expect(() => planner.plan(new Uint32Array(3), 3, 16, new ArrayBuffer(1000))).toThrow(RangeError);
  });
});
