// A batch that waits: full by rows or by text, and of one kind.
import { expect, it } from 'vitest';
import { allocateBatch, batchArrays } from './batch-memory.js';
import { QueuedRows } from './queued-rows.js';
import { RowTexts } from './row-texts.js';

const shape = { batchRows: 16, fields: 2, bagIds: null, numbers: 0 };
const columns = ['a', 'b'];
const queued = () => new QueuedRows(shape, batchArrays(shape, allocateBatch(shape)), columns);
const texts = (count: number, text = 'x') =>
  RowTexts.of(
    Array.from({ length: count }, (_, i) => ({ a: text, b: i })),
    columns.map((name) => ({ name })),
  );
const ids = new Uint32Array(40);

it('takes rows until it is full, and empties', () => {
  const batch = queued();
  expect([batch.addTexts(texts(20), 10), batch.rows, batch.isFull]).toEqual([10, 10, false]);
  for (let i = 0; i < 4; i++) expect(batch.addRow({ a: i })).toBe(true);
  expect([batch.addTexts(texts(20), 0), batch.isFull]).toEqual([2, true]);
  expect([batch.addTexts(texts(1), 0), batch.addRow({})]).toEqual([0, false]);
  expect(batch.texts?.rows).toBe(16);
  batch.clear();
  expect([batch.rows, batch.texts, batch.addEncoded(ids, undefined, 20), batch.isFull]).toEqual([
    0,
    null,
    16,
    true,
  ]);
});

it('is of one kind', () => {
  const raw = queued();
  raw.addRow({ a: 1 });
  expect(raw.addEncoded(ids, undefined, 1)).toBe(0);
  const encoded = queued();
  encoded.addEncoded(ids, undefined, 1);
  expect([encoded.addRow({ a: 1 }), encoded.addTexts(texts(1), 0)]).toEqual([false, 0]);
  expect([encoded.rows, encoded.texts]).toEqual([1, null]);
});

it('is full of a megabyte of text, and takes a row of any length', () => {
  const long = texts(9, 'x'.repeat(300_000));
  const batch = queued();
  expect([batch.addTexts(long, 0), batch.isFull]).toEqual([4, true]);
  batch.clear();
  expect(batch.addTexts(texts(1, 'x'.repeat(3_000_000)), 0)).toBe(1);
  expect([batch.isFull, batch.addTexts(texts(1), 0)]).toEqual([true, 0]);
});
