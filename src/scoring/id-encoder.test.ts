// Rows of ids and numbers as batches have them.
import { expect, it } from 'vitest';
import { fakeSchema } from '../../test/serving-fakes.js';
import { inputColumnsOf } from '../schema/schema.js';
import { BLOCK_ROWS } from './encoded-block.js';
import { IdEncoder, idSchema } from './id-encoder.js';
import { RowTexts } from './row-texts.js';

const columns = inputColumnsOf(idSchema(fakeSchema));
const price = { name: 'price', transform: 'none', mean: 5, deviation: 2 } as const;
const encoder = new IdEncoder(fakeSchema, [10, 20, 30], [price]);

it('has a column for each field, and for each number', () => {
  expect(columns).toEqual(['user', 'size', 'hour', 'price']);
});

it('takes ids as they are, those that no vocabulary has for OOV, and standardises numbers', () => {
  const texts = new RowTexts(columns.length);
  texts.addRow({ user: 9, size: '19', hour: 29n, price: 9 }, columns);
  texts.addRow({ user: 10, size: 0, hour: '99999999999999999999', price: null }, columns);
  const { rows, ids, oov, numbers, offsets, refused } = encoder.encode(texts, 0);
  expect({ rows, refused }).toEqual({ rows: 2, refused: [] });
  expect([...ids.subarray(0, 6)]).toEqual([9, 19, 29, 0, 0, 0]);
  expect([...oov.subarray(0, 6)]).toEqual([0, 0, 0, 1, 1, 1]);
  expect([...numbers.subarray(0, 2)]).toEqual([2, 0]);
  expect([...offsets.subarray(0, 7)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

it('refuses what is none, row by row, and goes on after a block', () => {
  const texts = new RowTexts(columns.length);
  for (let i = 0; i < BLOCK_ROWS; i++) texts.addRow({ user: 1, size: 1, hour: 1 }, columns);
  texts.addRow({ user: 'u1', size: 2, hour: 3, price: 'dear' }, columns);
  texts.addRow({ user: 1, size: 2, hour: 3 }, columns);
  expect(encoder.encode(texts, 0).rows).toBe(BLOCK_ROWS);
  const { rows, ids, refused } = encoder.encode(texts, BLOCK_ROWS);
  expect(rows).toBe(2);
  expect([...ids.subarray(3, 6)]).toEqual([1, 2, 3]);
  expect(refused.map(({ row, reason }) => [row, reason.kind === 'cell' && reason.column])).toEqual([
    [BLOCK_ROWS, 'user'],
    [BLOCK_ROWS, 'price'],
  ]);
});
