// The scanner beside the reader that knows everything: what it takes, that one takes for the same cells; and it takes what
// requests usually are, however they are spaced, ordered and escaped.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { textRows } from '../../test/serving-fakes.js';
import { type CellTexts, RowTexts } from '../scoring/row-texts.js';
import { readRows } from './predict-protocol.js';
import { RowScanner } from './row-scanner.js';

const inputs = ['user', 'größe', 'x'].map((name) => ({ name }));
const names = inputs.map(({ name }) => name);
const known = new Set(['click', ...names, 'a"b', 'back\\slash', 'back\b']);
const rules = { rows: 4, textLength: 12, ignoreUnknown: false };
// One for all: what it keeps of a request must not show in the next.
const scanner = new RowScanner(names, known);

const cellsOf = (texts: CellTexts) => textRows(texts, names);
const scan = (text: string) => {
  const texts = scanner.scan(Buffer.from(text), rules);
  return texts && cellsOf(texts);
};
const read = (text: string) => cellsOf(RowTexts.of(readRows(Buffer.from(text), { known }, rules), inputs));

/** A value as JSON has it, in one of the ways to write it. */
const value = fc.oneof(
  fc.string({ maxLength: 14, unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc
    .string({ maxLength: 14, unit: fc.constantFrom('a', '"', '\\', '/', 'é', '\u2028', '\t', ' ') })
    .map(asciiJson),
  fc.double().map((x) => JSON.stringify(x)),
  fc.integer().map(String),
  fc.tuple(fc.integer({ min: -300, max: 300 }), fc.nat(30)).map(([x, digits]) => `${x}e${digits - 15}`),
  fc.constantFrom('0', '-0', '-1', '0.10', '1.0', '1e2', '1E-3', '01', '.5', '5.', '-', '9007199254740993'),
  fc.constantFrom('1e400', '123456789012345', '1234567890123456', 'true', 'false', 'null', 'nul', '""'),
  fc.constantFrom('[]', '{}', '"\\ud800"', '"\\x"', '"\u0001"', '"', 'True', 'NaN', '"\\u0000"'),
);
const key = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('"user"', '"größe"', '"x"', '"click"') },
  fc.constantFrom(
    '"gr\\u00f6\\u00dfe"',
    '"unknown"',
    '"a\\"b"',
    '"back\\\\slash"',
    '"back\\b"',
    '"__proto__"',
    '""',
    'x',
  ),
);
const space = fc.oneof(
  { weight: 5, arbitrary: fc.constant('') },
  fc.constantFrom(' ', '\n  ', '\t\r', '\u00a0', '\f'),
);
const row = fc
  .tuple(fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 4 }), space, space)
  .map(([cells, a, b]) => `{${a}${cells.map(([k, v]) => `${k}${b}:${a}${v}${b}`).join(`,${a}`)}${b}}`);
const body = fc
  .tuple(fc.array(row, { maxLength: 5 }), space)
  .map(([rows, s]) => `${s}[${s}${rows.join(`${s},${s}`)}${s}]${s}`);
/** What may be wrong with a body anywhere. */
const damage = fc.tuple(
  fc.nat(),
  fc.nat(3),
  fc.constantFrom('', ',', '"', '\\', '{', '}', ']', ':', 'x', '0', '"x":1,'),
);

function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^ -~]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

it('takes nothing that is refused, and no cell for another', () => {
  fc.assert(
    fc.property(body, fc.option(damage), (whole, damaged) => {
      let text = whole;
      if (damaged) {
        const [place, length, other] = damaged;
        const at = place % (whole.length + 1);
        text = `${whole.slice(0, at)}${other}${whole.slice(at + length)}`;
      }
      const found = scan(text);
      if (found) expect(found).toEqual(read(text));
    }),
    { numRuns: 20_000 },
  );
});

it.each([
  ['[{"user":"u1","x":3}]', [{ user: 'u1', x: '3' }]],
  [
    '[{"user": "u1", "click": true, "x": -20.5}, {"x": 0, "user": null}]',
    [{ user: 'u1', x: '-20.5' }, { x: '0' }],
  ],
  ['[\n  {},\n  {\n    "größe": "é",\n    "x": "a\\"\\u00e9"\n  }\n]\n', [{}, { größe: 'é', x: 'a"é' }]],
  ['[{"x":1.0,"user":1e-7,"größe":false}]', [{ x: '1', user: '1e-07', größe: 'false' }]],
])('takes %s', (text, rows) => {
  expect(scan(text)).toEqual(rows);
  expect(read(text)).toEqual(rows);
});

it.each([
  '[]',
  '[{"x":1},]',
  '[{"x":1,}]',
  '[{"x":1}] 2',
  '[{"x":1,"x":2}]',
  '[{"y":1}]',
  '[{"x":[1]}]',
  '[{},{},{},{},{}]',
  '[{"x":"0123456789abc"}]',
  '[{"x":9007199254740993}]',
  '[{"x":"\u0001"}]',
  '[{"x":"a',
  '[{"x":1',
  '',
])('leaves %s to the other reader', (text) => expect(scan(text)).toBeNull());
