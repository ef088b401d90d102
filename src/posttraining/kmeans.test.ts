import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRow, quantizeTyped, randomRows, rowNorms } from '../../test/random-rows.js';
import { kmeans } from './kmeans.js';
import { minMax } from './min-max.js';
import { sides } from './quantizer.js';

describe.each([4, 2] as const)('kmeans at %i bits', (bits) => {
  it('is never worse than min-max at fp32, up to 1e-6 of the norm', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 3, 8, 24).chain((dim) => anyRow(dim)),
        async (row) => {
          const values = Float32Array.from(row);
          const settings = { dim: row.length, bits, side: 'fp32' } as const;
          const [error] = rowNorms(values, row.length, (await quantizeTyped(kmeans, values, settings)).read);
          const [bound] = rowNorms(values, row.length, (await quantizeTyped(minMax, values, settings)).read);
          expect(error).toBeLessThanOrEqual(bound + 1e-6 * rowNorms(values, row.length)[0]);
        },
      ),
    );
  });

  it.each(sides)('keeps rows of at most 2^M distinct values, as the side %s has them', async (side) => {
    const dim = 2 ** bits;
    const values = randomRows(20, dim);
    const { read } = await quantizeTyped(kmeans, values, { dim, bits, side });
    for (const [i, value] of read.entries()) {
      expect(Math.abs(value - values[i])).toBeLessThanOrEqual(
        side === 'fp32' ? 0 : Math.abs(values[i]) * 2 ** -11 + 2 ** -25,
      );
    }
  });

  it('halves the error of min-max on random rows', async () => {
    const dim = 64;
    const values = randomRows(200, dim);
    const settings = { dim, bits, side: 'fp16' } as const;
    const total = async (spec: typeof kmeans | typeof minMax) =>
      rowNorms(values, dim, (await quantizeTyped(spec, values, settings)).read).reduce((a, b) => a + b);
    expect((await total(kmeans)) / (await total(minMax))).toBeLessThan(0.75);
  });
});

it('has ascending codebooks, and codes of the nearest entry as stored', async () => {
  const dim = 24;
  const values = randomRows(50, dim);
  const { block } = await quantizeTyped(kmeans, values, { dim, bits: 4, side: 'fp16' });
  for (let row = 0; row < 50; row++) {
    const codebook = [...block.codebooks.subarray(row * 16, row * 16 + 16)];
    expect(codebook).toEqual([...codebook].sort((a, b) => a - b));
    for (let at = row * dim; at < (row + 1) * dim; at++) {
      const distances = codebook.map((entry) => Math.abs(entry - values[at]));
      expect(distances[block.codes[at]]).toBe(Math.min(...distances));
    }
  }
});
