import { describe, expect, it } from 'vitest';
import { emptyBlock, quantizeTyped, randomRows, readBlock, rowNorms } from '../../test/random-rows.js';
import { packedBytes } from '../quantization/packing.js';
import { clusteredBytes, clustersFor, kmeansCls } from './kmeans-cls.js';
import { type QuantizedBits, type Side, sides } from './quantizer.js';

const uniformBytes = (rows: number, dim: number, bits: QuantizedBits, side: Side) =>
  rows * (packedBytes(dim, bits) + (side === 'fp16' ? 4 : 8));

describe('how many clusters', () => {
  it.each([100, 5000, 70_000, 2_000_000])(
    'is as many as cost no more than scales and biases, %i rows',
    (rows) => {
      for (const bits of [4, 2] as const) {
        for (const side of sides) {
          const clusters = clustersFor(rows, bits, side);
          const bytes = (count: number) => clusteredBytes({ rows, dim: 16, clusters: count }, bits, side);
          const bound = uniformBytes(rows, 16, bits, side);
          if (clusters > 1) expect(bytes(clusters)).toBeLessThanOrEqual(bound);
          // One more is too large, or has a number of three bytes.
          if (clusters < 2 ** 16 && clusters < rows) expect(bytes(clusters + 1)).toBeGreaterThan(bound);
        }
      }
    },
  );

  it('by hand: 5,000 rows, 4 bits, fp16: 2 of 4 bytes a row for 16 halves each', () => {
    expect(clustersFor(5000, 4, 'fp16')).toBe(Math.floor((5000 * 2) / 32));
    // With 256 clusters their numbers have one byte.
    expect(clustersFor(2000, 4, 'fp16')).toBe(Math.floor((2000 * 3) / 32));
  });
});

describe('kmeans-cls', () => {
  it('keeps a table of few different rows', async () => {
    const dim = 8;
    const values = Float32Array.from({ length: 512 * dim }, (_, at) => {
      const row = Math.floor(at / dim) % 3;
      return Math.fround((row + 1) * ((at % dim) - 3.5) + 40 * row);
    });
    const { read } = await quantizeTyped(kmeansCls, values, { dim, bits: 4, side: 'fp32' });
    expect([...read]).toEqual([...values]);
  });

  it.each([4, 2] as const)('has the nearest entry of the codebook of a row, at %i bits', async (bits) => {
    const dim = 6;
    const values = randomRows(3000, dim);
    const settings = { dim, bits, side: 'fp16' } as const;
    const { block, quantizer } = await quantizeTyped(kmeansCls, values, settings);
    const entries = 2 ** bits;
    expect(quantizer.codebooks?.length).toBe(entries * clustersFor(3000, bits, 'fp16'));
    for (let row = 0; row < 3000; row += 7) {
      const from = block.clusters[row] * entries;
      const codebook = [...(quantizer.codebooks?.subarray(from, from + entries) ?? [])];
      for (let at = row * dim; at < (row + 1) * dim; at++) {
        const distances = codebook.map((entry) => Math.abs(entry - values[at]));
        expect(distances[block.codes[at]]).toBe(Math.min(...distances));
      }
    }
  });

  it('gives any part of the table what all of it gets', async () => {
    const dim = 8;
    const values = randomRows(400, dim);
    const settings = { dim, bits: 2, side: 'fp16' } as const;
    const { read, quantizer } = await quantizeTyped(kmeansCls, values, settings);
    const part = emptyBlock('clustered', 30, settings);
    quantizer.quantize(values.subarray(100 * dim, 130 * dim), part);
    expect([...readBlock(part, quantizer, settings)]).toEqual([...read.subarray(100 * dim, 130 * dim)]);
  });

  it('makes the codebook of three long rows from the first and the last', async () => {
    const dim = 2048;
    const rows = [0.25, -0.5, 0.75].flatMap((value) => new Array<number>(dim).fill(value));
    const { read } = await quantizeTyped(kmeansCls, Float32Array.from(rows), { dim, bits: 2, side: 'fp16' });
    expect([read[0], read[dim], read[2 * dim]]).toEqual([0.25, 0.25, 0.75]);
  });

  it('thins out clusters of many values, without losing much', async () => {
    // 3 clusters of some 13,000 values of Gaussian rows, of which 4,096 make the 16 entries. The best 16 values for all of
    // a Gaussian leave a relative error of √0.009497 = 0.0975 (Max 1960).
    const dim = 1024;
    const values = randomRows(160, dim, 3).filter((_, at) => Math.floor(at / dim) % 4 === 0);
    const { read, quantizer } = await quantizeTyped(kmeansCls, values, { dim, bits: 4, side: 'fp16' });
    expect(quantizer.codebooks?.length).toBe(3 * 16);
    const norm = (rows: number[]) => Math.hypot(...rows);
    const error = norm(rowNorms(values, dim, read)) / norm(rowNorms(values, dim));
    expect(error).toBeGreaterThan(0.09);
    expect(error).toBeLessThan(0.0975 * 1.03);
  });
});
