// The record reader against a plain reading of RFC 4180, however its bytes are cut into chunks.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellsOf, RecordReader, type RecordRules } from './record-reader.js';

const rfc: RecordRules = { separator: ',', quotes: true };

/** The lines that a reader gives for bytes cut into chunks of these sizes, over and over. */
function linesOf(bytes: Buffer, sizes: readonly number[] = [1 << 20], rules = rfc): string[] {
  const reader = new RecordReader(rules);
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    pieces.push(Buffer.from(reader.read(bytes.subarray(at, at + size), false)));
    at += size;
  }
  pieces.push(reader.read(Buffer.alloc(0), true));
  const text = Buffer.concat(pieces).toString();
  return text.split('\n').slice(0, text === '' || text.endsWith('\n') ? -1 : undefined);
}
const recordsOf = (text: string, sizes?: readonly number[], rules = rfc) =>
  linesOf(Buffer.from(text), sizes, rules).map((line) => cellsOf(line, rules.separator));

const cell = fc.string({
  unit: fc.constantFrom('a', 'é', '😀', ',', '"', '\n', '\r', ' ', '\x01', '\x02', '\x03', '\x1b', 'n', 'e'),
  maxLength: 6,
});
const chunkSizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;

test('every record comes back cell by cell, wherever chunks end and whatever is quoted', () => {
  const record = fc.array(fc.tuple(cell, fc.boolean()), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      chunkSizes,
      fc.boolean(),
      (records, lineEnd, sizes, ends) => {
        const written = records.map((cells) =>
          cells.map(([text, always]) => (always || /[",\r\n]/.test(text) ? quote(text) : text)).join(','),
        );
        const text = written.join(lineEnd) + (ends && records.length > 0 ? lineEnd : '');
        expect(recordsOf(text, sizes)).toEqual(records.map((cells) => cells.map(([value]) => value)));
      },
    ),
    { numRuns: 2000 },
  );
});

test('without quotes a record is a line', () => {
  const rules = { separator: '\t', quotes: false };
  expect(recordsOf('a"\t"b\n""\tc\n', [3], rules)).toEqual([
    ['a"', '"b'],
    ['""', 'c'],
  ]);
});

test('a byte order mark is no text, in chunks of any size', () => {
  for (const size of [1, 2, 3, 100]) expect(recordsOf('\ufeffa,b\n1,2\n', [size])[0]).toEqual(['a', 'b']);
  expect(recordsOf('\ufeff', [1])).toEqual([]);
});

test('a bad record takes one line, and the next ones are whole', () => {
  const good = 'x,y';
  const cases: [text: string | Buffer, letter: string][] = [
    ['a,b"c', 'q'],
    ['a,"b"c', 'q'],
    ['a,"b', 'o'],
    [Buffer.from([97, 0xff, 44]), 'u'],
    ['x'.repeat(2 ** 20 + 1), 'l'],
  ];
  for (const [bad, letter] of cases) {
    const bytes = Buffer.concat([
      Buffer.from(`${good}\n`),
      Buffer.from(bad),
      Buffer.from(`\n${good}\n${good}`),
    ]);
    for (const size of [bytes.length, 65_536, 7]) {
      if (size === 7 && bytes.length > 1000) continue;
      expect(linesOf(bytes, [size])).toEqual([good, `\x03${letter}`, good, good]);
    }
  }
});

test('a quote too many spoils its own line, not those up to the next quote', () => {
  expect(linesOf(Buffer.from('1,"a\n2,b\n3,"c d"\n4,e\n'))).toEqual(['\x03q', '2,b', '3,c d', '4,e']);
});

test('a quote that is never closed spoils one line of a long file', () => {
  const lines = Array.from({ length: 300_000 }, (_, i) => `${i},abc`);
  const text = ['0,"x', ...lines].join('\n');
  expect(linesOf(Buffer.from(text), [2 ** 16])).toEqual(['\x03o', ...lines]);
});

test('blank lines count, but not at the end', () => {
  expect(linesOf(Buffer.from('a,b\n\nc,d\n\n\n'))).toEqual(['a,b', '', 'c,d']);
  expect(linesOf(Buffer.from('\na,b\n\n\r\nc,d\n\n\r\n\n'), [2])).toEqual(['', 'a,b', '', '', 'c,d']);
});

test('records know their lines', () => {
  const seen: number[] = [];
  recordsOf('a,b\n\n"c\nd",e\r\n\n1,"x\n2,y\n', [4], { ...rfc, onRecord: (line) => seen.push(line) });
  expect(seen).toEqual([1, 2, 3, 5, 6, 7]);
});
