// The engine: what it makes does not depend on how the work is cut up or who does it, what it says of errors is true, and what
// cannot be quantized is named.
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { blockLane, blockRowsOf, laneMemory } from './block-work.js';
import { prepareTable } from './prepare-table.js';
import { type MakeTeam, type QuantizeTableOptions, quantizeTable } from './quantize-table.js';
import { quantizeInMemory } from './quantized-table.js';
import { quantizedBits, type RowSource, sides } from './quantizer.js';

/** A table in memory; reads are counted and take a turn of the event loop. */
function tableOf(values: Float32Array, dim: number): RowSource & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    name: 'emb',
    rows: values.length / dim,
    dim,
    reads,
    async read(first, out) {
      reads.push([first, out.length / dim]);
      await setTimeout(0);
      out.set(values.subarray(first * dim, first * dim + out.length));
    },
  };
}

const sha256 = (array: TensorArray) => createHash('sha256').update(array).digest('hex');
const noise = (length: number, seed = 1) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * i));

/** Lanes that finish in any order. */
const slowTeam =
  (lanes: number): MakeTeam =>
  async ({ table, layout, format, quantizer }, blockRows) => {
    const work = { name: table.name, format, layout, quantizer, minMax: undefined };
    return {
      lanes: Array.from({ length: lanes }, (_, i) => {
        const lane = blockLane(work, laneMemory(work, blockRows, true));
        return {
          ...lane,
          async run(...args: Parameters<typeof lane.run>) {
            const sums = await lane.run(...args);
            await setTimeout(3 * ((lanes - i) % 3));
            return sums;
          },
        };
      }),
      close: async () => {},
    };
  };

describe('the engine', () => {
  it('gives the same bytes and the same sums for any team, and reads each row once', async () => {
    // Five blocks, the last one short.
    const dim = 2048;
    const rows = 4 * blockRowsOf(dim) + 9;
    const values = noise(rows * dim);
    const results = [];
    for (const team of [undefined, slowTeam(1), slowTeam(3), slowTeam(7)]) {
      const table = tableOf(values, dim);
      const done: number[] = [];
      const options: QuantizeTableOptions = { team, onProgress: (count) => done.push(count) };
      results.push(await quantizeInMemory(table, { method: 'minmax', bits: 4 }, options));
      expect(table.reads.map(([first]) => first)).toEqual([0, 128, 256, 384, 512]);
      expect(table.reads.at(-1)).toEqual([512, 9]);
      expect(done.at(-1)).toBe(rows);
      expect(done).toEqual([...done].sort((a, b) => a - b));
    }
    for (const { table, errors } of results.slice(1)) {
      // By bytes: vitest takes seconds to compare arrays of this size element by element.
      expect(table.arrays.map(sha256)).toEqual(results[0].table.arrays.map(sha256));
      expect(errors).toEqual(results[0].errors);
    }
  });

  it('says what rows lose, as computed from the rows that are read back', async () => {
    const rowValues = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowValues, { minLength: 1, maxLength: 150 }),
        fc.constantFrom(...quantizedBits),
        fc.constantFrom(...sides),
        async (list, bits, side) => {
          const values = Float32Array.from(list.flat());
          const { table, errors } = await quantizeInMemory(tableOf(values, 3), {
            method: 'minmax',
            bits,
            side,
          });
          const out = new Float32Array(values.length);
          table.readRows(0, out);
          const norm = (row: number, of: (at: number) => number) =>
            Math.hypot(of(3 * row), of(3 * row + 1), of(3 * row + 2));
          const each = list.flatMap((_, row) => {
            const whole = norm(row, (at) => values[at]);
            return whole === 0 ? [] : [norm(row, (at) => values[at] - out[at]) / whole];
          });
          if (each.length === 0) {
            expect(errors).toMatchObject({
              meanError: null,
              worstError: null,
              worstRow: null,
              tableError: null,
            });
            return;
          }
          expect(errors.meanError).toBeCloseTo(each.reduce((a, b) => a + b) / each.length, 9);
          expect(errors.worstError).toBeCloseTo(Math.max(...each), 9);
          const total = Math.hypot(...values.map((value, at) => value - out[at])) / Math.hypot(...values);
          expect(errors.tableError).toBeCloseTo(total, 6);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds the worst row in whatever block it is, the first of equals', async () => {
    const dim = 2048;
    for (const worst of [3, 70, 200, 400]) {
      // 0, 1, 2, 3 are kept as they are; 1.5 is not.
      const values = Float32Array.from({ length: 401 * dim }, (_, i) => i % 4);
      for (const row of [worst, 400]) values.fill(1.5, row * dim + 4, (row + 1) * dim);
      const { errors } = await quantizeInMemory(tableOf(values, dim), { method: 'minmax', bits: 2 });
      expect(errors.worstRow).toBe(worst);
      expect(errors.worstError).toBeGreaterThan(errors.meanError ?? 1);
    }
  });

  it('counts rows of one code, and leaves rows of zeros out of the errors', async () => {
    const values = Float32Array.of(0, 0, 0, 0, 0.3, 0.3, 0.3, 0.3, 1e-43, 0, 0, 0, 1, 1, 1, 4);
    const { errors } = await quantizeInMemory(tableOf(values, 4), { method: 'minmax', bits: 4 });
    // The third row is lost whole.
    expect(errors).toMatchObject({ degenerateRows: 3, worstError: 1, worstRow: 2, rowsWorseThanMinMax: 0 });
    expect(errors.meanError).toBeGreaterThan(1 / 3);
    expect(errors.meanError).toBeLessThan(0.35);
  });

  it('holds rows against min-max, of the same bits and side', async () => {
    const values = noise(96 * 8);
    // A row that min-max keeps as it is.
    values.fill(0.5, 7 * 8, 8 * 8);
    const prepared = await prepareTable(tableOf(values, 8), { method: 'minmax', bits: 4 });
    // A method that gets two rows wrong, and is a little off, within the tolerance, in another.
    const quantizer: typeof prepared.quantizer = {
      quantize(given, out) {
        prepared.quantizer.quantize(given, out);
        if (out.kind !== 'affine' || given.length < 64 * 8) return;
        out.biases[5] += 0.2;
        out.codes[8 * 9] ^= 4;
        out.biases[7] += 1e-7;
      },
    };
    const sink = { write: async () => {} };
    const sums = await quantizeTable({ ...prepared, method: 'other' as 'minmax', quantizer }, sink);
    expect(sums).toMatchObject({ rows: 96, rowsWorseThanMinMax: 2 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'names row and column of %d',
    async (bad) => {
      const dim = 1024;
      const values = noise(600 * dim);
      values[555 * dim + 77] = bad;
      values[598 * dim] = bad;
      for (const team of [undefined, slowTeam(3)]) {
        const quantized = quantizeInMemory(tableOf(values, dim), { method: 'minmax', bits: 8 }, { team });
        await expect(quantized).rejects.toThrow(
          `Table 'emb', row 555, column 77 is ${bad}: only finite numbers can be quantized.`,
        );
      }
    },
  );

  it('names the row and the column that fp16 cannot hold, and takes them with an fp32 side', async () => {
    const large = Float32Array.of(1, 2, 3, 4, 5, -70000, 6, 7);
    await expect(quantizeInMemory(tableOf(large, 4), { method: 'minmax', bits: 4 })).rejects.toMatchObject({
      message: `Table 'emb', row 1, column 1 is -70000: the row's scale or bias would be beyond the largest fp16 number, 65504.`,
      help: expect.stringContaining('--side fp32'),
    });
    await quantizeInMemory(tableOf(large, 4), { method: 'minmax', bits: 4, side: 'fp32' });
    // The bias fits, the scale does not; and the other way round, what fp16 has room for is stored.
    const wide = Float32Array.of(-65000, 0, 0, 300000);
    await expect(quantizeInMemory(tableOf(wide, 4), { method: 'minmax', bits: 2 })).rejects.toThrow(
      /column 3 is 300000/,
    );
    await quantizeInMemory(tableOf(Float32Array.of(0, 1, 2, 70000), 4), { method: 'minmax', bits: 4 });
    // Beyond fp32 nothing helps.
    const huge = Float32Array.of(-3e38, 0, 0, 3e38);
    await expect(quantizeInMemory(tableOf(huge, 4), { method: 'minmax', bits: 8 })).rejects.toThrow(
      /largest fp32 number/,
    );
  });

  it('stops when it is asked to, and when source or sink fail', async () => {
    const values = noise(64 * 4096 * 3);
    const controller = new AbortController();
    controller.abort(new Error('stop'));
    const options = { signal: controller.signal };
    // So few rows that nobody else looks.
    const few = tableOf(values.subarray(0, 640), 64);
    const stopped = quantizeInMemory(few, { method: 'minmax', bits: 8 }, options);
    await expect(stopped).rejects.toThrow('stop');
    const prepared = await prepareTable(tableOf(values, 64), { method: 'minmax', bits: 8 });
    let closed = 0;
    const team: MakeTeam = async (...args) => ({
      ...(await slowTeam(3)(...args)),
      close: async () => void closed++,
    });
    const write = async () => {
      throw new Error('full');
    };
    await expect(quantizeTable(prepared, { write }, { team })).rejects.toThrow('full');
    const table = { ...prepared.table, read: () => Promise.reject(new Error('gone')) };
    await expect(quantizeTable({ ...prepared, table }, { write }, { team })).rejects.toThrow('gone');
    expect(closed).toBe(2);
  });

  it('refuses what method or layout do not have', async () => {
    const table = tableOf(noise(12), 3);
    await expect(prepareTable(table, { method: 'minmax', bits: 3 as 4 })).rejects.toMatchObject({
      message: 'Method minmax has no 3 bits (it has: 8, 4, 2).',
      exitCode: 2,
    });
    await expect(prepareTable(table, { method: 'minmax', bits: 4, layout: 'torch-rows' })).rejects.toThrow(
      /the width, 3, must be a multiple of 2/,
    );
  });
});

it('blocks are whole chunks of about a MiB, at least one row', () => {
  expect([1, 16, 64, 100, 4096, 5000, 2 ** 20].map(blockRowsOf)).toEqual([
    262144, 16384, 4096, 2560, 64, 52, 1,
  ]);
});
