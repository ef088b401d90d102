// Rows as texts: what is put in comes out, whatever way it came, and a row that cannot be added leaves no trace.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BadCell } from '../schema/bad-cell.js';
import { type CellTexts, RowTexts, startOf } from './row-texts.js';

const columns = ['a', 'b', 'c'];

function cells({ rows, text, ends }: CellTexts): string[][] {
  return Array.from({ length: rows }, (_, row) =>
    columns.map((_, c) => {
      const cell = 3 * row + c;
      return Buffer.from(text.slice(startOf(ends, cell), ends[cell])).toString();
    }),
  );
}

const rows = fc.array(
  fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ maxLength: 3 }), fc.constant('')),
);

it('keeps rows, and takes any part of others', () => {
  fc.assert(
    fc.property(rows, rows, fc.nat(), fc.nat(), (first, second, from, count) => {
      const texts = new RowTexts(3, { rows: 1, textBytes: 1 });
      for (const [a, b] of first) texts.addRow({ a, b, c: null }, columns);
      const others = new RowTexts(3);
      for (const row of second) {
        for (const value of row) {
          const bytes = Buffer.from(`<${value}>`);
          others.addBytes(bytes, 1, bytes.length - 1);
        }
        others.endRow();
      }
      const start = from % (second.length + 1);
      const end = start + (count % (second.length - start + 1));
      texts.addRows(others.copy(), start, end - start);
      expect(cells(texts)).toEqual([...first, ...second.slice(start, end)]);
      expect(cells(texts.copy())).toEqual(cells(texts));
    }),
  );
});

it('adds nothing of a row with a cell that is none', () => {
  const texts = new RowTexts(3);
  texts.addRow({ a: 'x', b: 2.5, c: true }, columns);
  const list = [] as unknown as string;
  expect(() => texts.addRow({ a: 'long', b: list }, columns)).toThrow(BadCell);
  texts.addRow({ a: 'y', c: 7n }, columns);
  expect(cells(texts)).toEqual([
    ['x', '2.5', 'true'],
    ['y', '', '7'],
  ]);
  texts.clear();
  expect(cells(texts)).toEqual([]);
});
