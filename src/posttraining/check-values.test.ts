// What a quantizer made is looked at number by number, whatever the quantizer.
import { describe, expect, it } from 'vitest';
import { requireStorable, requireStorableCodebooks } from './check-values.js';
import type { QuantizedBlock } from './quantizer.js';

const values = Float32Array.of(1, -2, 3, 4, -5, -60000);
const codes = new Uint8Array(6);
const affine = (scales: number[], biases: number[]): QuantizedBlock => ({
  kind: 'affine',
  codes,
  scales: Float32Array.from(scales),
  biases: Float32Array.from(biases),
});
const books = (at: number, value: number): QuantizedBlock => {
  const codebooks = new Float32Array(2 * 4);
  codebooks[at] = value;
  return { kind: 'codebook', codes, codebooks };
};

describe('a row of which a number is beyond its side', () => {
  it.each<[string, QuantizedBlock, number, number]>([
    ['scale', affine([1, 65505], [0, 0]), 11, 2],
    ['bias', affine([1, 1], [0, -65505]), 11, 2],
    ['scale that is no number', affine([Number.NaN, 1], [0, 0]), 10, 2],
    ['the first of two', affine([1, 1e9], [1e9, 0]), 10, 2],
    ['last entry of a codebook', books(7, 7e4), 11, 2],
    ['last entry of the codebook before', books(3, 7e4), 10, 2],
  ])('%s', (_, block, row, column) => {
    const check = (side: 'fp16' | 'fp32') => requireStorable('x', 10, 2, 3, values, block, side);
    expect(() => check('fp16')).toThrow(`Table 'x', row ${row}, column ${column} is`);
    if (!(block.kind === 'affine' && Number.isNaN(block.scales[0]))) check('fp32');
  });

  it('is of the rows that are there: what lies behind is not looked at', () => {
    requireStorable('x', 10, 1, 3, values, affine([1, 1e9], [0, 0]), 'fp16');
  });
});

it('codebooks of a table', () => {
  requireStorableCodebooks('x', Float32Array.of(65504), 'fp16');
  requireStorableCodebooks('x', Float32Array.of(65505), 'fp32');
  expect(() => requireStorableCodebooks('x', Float32Array.of(1, 65505), 'fp16')).toThrow(
    /largest fp16 number, 65504/,
  );
});
