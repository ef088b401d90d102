import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellText } from '../schema/cell.js';
import { type DatatypeName, plainCell, tensorCell } from './cells.js';

describe('elements of tensors', () => {
  it.each<[DatatypeName, unknown, unknown]>([
    ['BYTES', 'a', 'a'],
    ['BYTES', 1, undefined],
    ['BYTES', '123456', undefined],
    ['BOOL', true, true],
    ['BOOL', 1, undefined],
    ['INT8', 127, 127],
    ['INT8', 128, undefined],
    ['INT8', -129, undefined],
    ['UINT8', -1, undefined],
    ['INT64', 1.5, undefined],
    ['INT64', '9007199254740993', 9007199254740993n],
    ['INT64', '9223372036854775808', undefined],
    ['UINT64', '18446744073709551615', 18446744073709551615n],
    ['INT64', '007', 7n],
    ['INT64', '1e3', undefined],
    ['INT64', ' 1', undefined],
    ['INT64', 9007199254740992, undefined],
    ['FP32', 0.1, Math.fround(0.1)],
    ['FP32', 1e39, undefined],
    ['FP64', 0.1, 0.1],
    ['FP64', '0.1', undefined],
    ['FP64', Number.POSITIVE_INFINITY, undefined],
    ['FP64', {}, undefined],
    ['BYTES', [], undefined],
  ])('%s takes %o as %o', (datatype, value, cell) => {
    expect(tensorCell(datatype, value, 5)).toEqual(cell);
  });

  it('are missing as null and as nothing, of any datatype', () => {
    for (const datatype of ['BYTES', 'BOOL', 'INT64', 'FP32'] as const) {
      expect([tensorCell(datatype, null, 5), tensorCell(datatype, '', 5)]).toEqual([null, null]);
    }
  });

  it('of 64 bits keep every digit as texts, and as numbers are exact or refused', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (x) => {
        expect(cellText(tensorCell('INT64', String(x), 5), 'c')).toBe(String(x));
        const written = tensorCell('INT64', JSON.parse(String(x)), 5);
        if (written !== undefined) expect(cellText(written, 'c')).toBe(String(x));
      }),
    );
  });
});

it('values of objects are cells or refused, never rounded', () => {
  for (const value of ['abcde', 1, -0.5, 2 ** 53 - 1, true, null]) expect(plainCell(value, 5)).toBe(value);
  for (const value of ['abcdef', 2 ** 53, 1e20, Number.POSITIVE_INFINITY, [], {}, undefined])
    expect(plainCell(value, 5)).toBeUndefined();
});
