// A schema file: its short forms stand for the long ones, and a mistake is named by line with what is known there.
import { expect, test } from 'vitest';
import { UserError } from '../errors.js';
import { type fileKinds, parseSchemaFile } from './schema-file.js';

const read = (text: string, kind: keyof typeof fileKinds = 'csv') => parseSchemaFile(kind, 'my.yaml', text);
const fieldsOf = (text: string) => read(`label: y = 1\nfields:\n${text}`).schema.fields;

test('short forms stand for long ones', () => {
  const fields = fieldsOf(`
  - origin
  - { name: from, column: origin, minCount: 1, vocabulary: airport }
  - { name: hour, time: ts, format: unix-seconds, part: hour }
  - { name: weekday, time: date, part: weekday }
  - { name: price, bucket: price }
  - { name: low, lower: { trim: origin } }
  - { name: tags, split: { lower: tags }, separator: '|' }
  - { name: both, cross: [origin, hour, { column: other }] }
  - { name: more, cross: [both, low] }
  - name: long
    value: { kind: bucket, column: price, small: one }
  - name: mixed
    value: { kind: lower, of: origin }
`);
  const column = (name: string) => ({ kind: 'column', column: name });
  const hour = { kind: 'time', column: 'ts', format: 'unix-seconds', zone: 'UTC', part: 'hour' };
  const both = { kind: 'cross', of: [column('origin'), hour, column('other')] };
  const low = { kind: 'lower', of: { kind: 'trim', of: column('origin') } };
  expect(fields).toEqual([
    { name: 'origin', value: column('origin') },
    { name: 'from', minCount: 1, vocabulary: 'airport', value: column('origin') },
    { name: 'hour', value: hour },
    {
      name: 'weekday',
      value: { kind: 'time', column: 'date', format: 'timestamp', zone: 'as-written', part: 'weekday' },
    },
    { name: 'price', value: { kind: 'bucket', column: 'price', small: 'integer' } },
    { name: 'low', value: low },
    { name: 'tags', value: { kind: 'split', of: { kind: 'lower', of: column('tags') }, separator: '|' } },
    { name: 'both', value: both },
    { name: 'more', value: { kind: 'cross', of: [both, low] } },
    { name: 'long', value: { kind: 'bucket', column: 'price', small: 'one' } },
    { name: 'mixed', value: { kind: 'lower', of: column('origin') } },
  ]);
});

test('what is said of the files', () => {
  const { format, minCount, splits, timeSplit } = read(
    "label: y = 1\nfields: [a]\nseparator: \"\\t\"\nheader: false\ncolumns: [y, a]\nquotes: none\nminCount: 4\nsplit: time\ntimeSplit: { column: a, validation: '2024-01-01', test: '2024-02-01' }\n",
  );
  expect(format).toEqual({ kind: 'csv', separator: '\t', columns: ['y', 'a'], quotes: 'none' });
  expect([minCount, splits, timeSplit?.column]).toEqual([4, ['time', 'random', 'modulus'], 'a']);
  const plain = read('label: y = 1\nfields: [a]\n', 'parquet');
  expect([plain.format, plain.minCount, plain.splits]).toEqual([
    { kind: 'parquet' },
    1,
    ['random', 'modulus'],
  ]);
});

const mistakes: [title: string, text: string, message: RegExp][] = [
  [
    'an unknown key',
    'label: y = 1\nfeilds: [a]\n',
    /^'my\.yaml', line 2: unknown key 'feilds' \(known here: label, fields,.* timeSplit\)\.$/,
  ],
  ['no label', 'fields: [a]\n', /^'my\.yaml': the key 'label' is missing/],
  [
    'a label that is none',
    '\nlabel: y\nfields: [a]\n',
    /^'my\.yaml', line 2: label is "y": a comparison such as 'delay > 15'\.$/,
  ],
  ['no fields', 'label: y = 1\nfields: []\n', /^'my\.yaml', line 2: fields is \[\]: allowed: at least 1\.$/],
  [
    'fields that are none',
    'label: y = 1\nfields: a\n',
    /^'my\.yaml', line 2: fields is "a": allowed: a value of type array\.$/,
  ],
  [
    'a name that cannot be',
    'label: y = 1\nfields:\n  - a\n  - user id\n',
    /^'my\.yaml', line 4: fields\.1\.name is "user id": a name starts with a letter/,
  ],
  [
    'a part that there is not',
    'label: y = 1\nfields:\n  - { name: h, time: t, part: hours }\n',
    /^'my\.yaml', line 3: fields\.0\.value\.part is "hours": allowed: hour, weekday, is_weekend, month, day, hhmm\.$/,
  ],
  [
    'a part that is missing',
    'label: y = 1\nfields:\n  - name: h\n    time: t\n',
    /^'my\.yaml', line 3: fields\.0\.value\.part is missing \(allowed: hour, /,
  ],
  [
    'a format that there is not',
    'label: y = 1\nfields:\n  - name: h\n    time: t\n    part: hour\n    format: iso\n',
    /^'my\.yaml', line 6: fields\.0\.value\.format is "iso": allowed: timestamp, YYMMDDHH, unix-seconds\.$/,
  ],
  [
    'a kind that there is not',
    'label: y = 1\nfields:\n  - name: h\n    value: { kind: hash, column: t }\n',
    /^'my\.yaml', line 4: fields\.0\.value\.kind is "hash": allowed: column, trim, lower, split, bucket, time, cross\.$/,
  ],
  [
    'a key of nothing',
    'label: y = 1\nfields:\n  - name: h\n    column: t\n    hash: 5\n',
    /^'my\.yaml', line 5: unknown key 'hash'/,
  ],
  [
    'a key within a value',
    'label: y = 1\nfields:\n  - name: h\n    value:\n      kind: column\n      column: t\n      part: hour\n',
    /^'my\.yaml', line 7: unknown key 'part' in a column\.$/,
  ],
  [
    'a field without a value',
    'label: y = 1\nfields:\n  - a\n  - name: h\n',
    /^'my\.yaml', line 4: fields\.1\.value is missing \(a transformation: column, /,
  ],
  [
    'a cross of no field',
    'label: y = 1\nfields:\n  - a\n  - name: x\n    cross:\n      - a\n      - c\n',
    /^'my\.yaml', line 7: Unknown field 'c' \(known: a\)\.$/,
  ],
  [
    'a cross of itself',
    'label: y = 1\nfields:\n  - a\n  - { name: x, cross: [a, x] }\n',
    /^'my\.yaml', line 4: Unknown field 'x' \(known: a\)\.$/,
  ],
  [
    'two fields of a name',
    'label: y = 1\nfields: [a, A]\n',
    /^'my\.yaml', line 2: .*two columns are named 'A'/,
  ],
  [
    'a separator of two',
    "label: y = 1\nfields: [a]\nseparator: '||'\n",
    /^'my\.yaml', line 3: separator is "\|\|": one character/,
  ],
  ['no YAML', 'label: y = 1\nfields: [a\n', /^'my\.yaml', line \d/],
  [
    'no header and no columns',
    'label: y = 1\nfields: [a]\nheader: false\n',
    /^'my\.yaml', line 3: without a header the key 'columns' must name/,
  ],
  [
    'a header and columns',
    'label: y = 1\nfields: [a]\ncolumns: [y, a]\n',
    /^'my\.yaml', line 3: 'columns' is for files without a header/,
  ],
  [
    'a time split without its days',
    'label: y = 1\nfields: [a]\nsplit: time\n',
    /^'my\.yaml', line 3: the split 'time' needs the key 'timeSplit'/,
  ],
  [
    'days the wrong way round',
    "label: y = 1\nfields: [a]\ntimeSplit:\n  column: a\n  validation: '2024-02-01'\n  test: '2024-01-01'\n",
    /^'my\.yaml', line 3: .*validation begins before test/,
  ],
];
test.each(mistakes)('%s is named by line', (_, text, message) => {
  let error: unknown;
  try {
    read(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
});

test('keys about CSV say nothing about Parquet', () => {
  expect(() => read('label: y = 1\nfields: [a]\nseparator: ","\n', 'parquet')).toThrow(
    "'my.yaml', line 3: the key 'separator' says nothing about Parquet files.",
  );
});
