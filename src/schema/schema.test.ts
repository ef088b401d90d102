import { expect, test } from 'vitest';
import { parseComparison } from './comparison.js';
import { canonicalJson, fingerprint } from './fingerprint.js';
import { columnsOf, inputColumnsOf, parseSchema, poolingOf, type Schema, schemaSchema } from './schema.js';
import { crossParts, type Transformation, transformation } from './transformation.js';

const city: Transformation = { kind: 'column', column: 'city' };
const schema: Schema = { label: 'click = 1', fields: [{ name: 'city', value: city }] };

test('a comparison is read, and what is none is refused', () => {
  expect(parseComparison('delay > 15')).toEqual({ column: 'delay', operator: '>', value: 15 });
  expect(parseComparison(' x>=-1.5 ')).toEqual({ column: 'x', operator: '>=', value: -1.5 });
  expect(parseComparison("kind != 'a b'")).toEqual({ column: 'kind', operator: '!=', value: 'a b' });
  for (const wrong of ['delay', 'delay > ', 'a > b', "a > 'b'", '1 = 1; drop table x', 'a = 1 or b = 2']) {
    expect(() => parseComparison(wrong), wrong).toThrow('no comparison');
  }
});

test('unknown kinds and keys are errors, also deep inside', () => {
  expect(transformation.safeParse({ kind: 'trim', of: { kind: 'lower', of: city } }).success).toBe(true);
  for (const wrong of [
    { kind: 'sql', text: '1' },
    { ...city, extra: 1 },
    { kind: 'trim', of: { ...city, extra: 1 } },
    { kind: 'cross', of: [city] },
    { kind: 'cross', of: [city, { kind: 'split', of: city, separator: ',' }] },
    { kind: 'cross', of: [city, { kind: 'trim', of: { kind: 'split', of: city, separator: ',' } }] },
    { kind: 'time', column: 't', format: 'timestamp', zone: 'UTC', part: 'hour' },
    { kind: 'time', column: 't', format: 'unix-seconds', zone: 'as-written', part: 'hour' },
  ]) {
    expect(transformation.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});

test('field names are unique, safe, and not the label', () => {
  const withNames = (...names: string[]) => ({
    ...schema,
    fields: names.map((name) => ({ name, value: city })),
  });
  expect(schemaSchema.safeParse(withNames('a', 'b')).success).toBe(true);
  for (const names of [['a', 'A'], ['label'], ['../x'], ['a/b'], ['']]) {
    expect(schemaSchema.safeParse(withNames(...names)).success, names.join()).toBe(false);
  }
});

test('a cross within a cross is taken apart, and columns are listed once', () => {
  const hour: Transformation = { kind: 'bucket', column: 'n', small: 'one' };
  const nested: Transformation = { kind: 'cross', of: [{ kind: 'cross', of: [city, hour] }, city] };
  expect(crossParts(nested)).toEqual([city, hour, city]);
  expect(columnsOf({ label: 'y = 1', fields: [{ name: 'f', value: nested }] })).toEqual(['y', 'city', 'n']);
});

test('the fingerprint sees schema and vocabularies, not the order of keys', () => {
  const vocabulary = { name: 'city', sha256: 'aa' };
  const value = fingerprint(schema, [vocabulary]);
  // printf '{"schema":{"fields":[{"name":"city","value":{"column":"city","kind":"column"}}],"label":"click = 1"},"vocabularies":[{"name":"city","sha256":"aa"}]}' | sha256sum
  expect(value).toBe('576a6c8c8f64f2db9e876a4bd61de38fc2b4f5cfd4a01b77967d17cb71146854');
  expect(fingerprint({ fields: schema.fields, label: schema.label }, [vocabulary])).toBe(value);
  expect(fingerprint(schema, [{ ...vocabulary, sha256: 'ab' }])).not.toBe(value);
  expect(fingerprint({ ...schema, label: 'click = 2' }, [vocabulary])).not.toBe(value);
  expect(canonicalJson({ b: [1, null], a: undefined, c: 'é' })).toBe('{"b":[1,null],"c":"é"}');
});

test('a wrong schema is refused with its place', () => {
  expect(parseSchema(schema)).toEqual(schema);
  const wrong = { ...schema, fields: [...schema.fields, { name: 'x', value: { kind: 'column' } }] };
  expect(() => parseSchema(wrong)).toThrow('The schema is wrong at fields.1.value');
  expect(() => parseSchema({ ...schema, label: 'x' })).toThrow("at label: a comparison such as 'delay > 15'");
});

test('numbers, weight and group are columns like the others, and only a list is pooled', () => {
  const tags: Transformation = { kind: 'split', of: { kind: 'column', column: 'tags' }, separator: '|' };
  const numbers = [{ name: 'price', column: 'cost', transform: 'log' as const }];
  const rich: Schema = { ...schema, numbers, weight: 'w', group: 'user' };
  expect(parseSchema(rich)).toEqual(rich);
  expect(columnsOf(rich)).toEqual(['click', 'city', 'cost', 'w', 'user']);
  expect(inputColumnsOf(rich)).toEqual(['city', 'cost']);
  expect(poolingOf({ name: 'tags', value: tags })).toBe('mean');
  expect(poolingOf({ name: 'tags', value: { kind: 'lower', of: tags }, pooling: 'sum' })).toBe('sum');
  expect(poolingOf({ name: 'city', value: city })).toBeNull();
  const refusals: [unknown, string][] = [
    [
      { ...schema, fields: [{ name: 'c', value: city, pooling: 'sum' }] },
      'at fields.0.pooling: a field with one value',
    ],
    [{ ...schema, fields: [{ name: 't', value: tags, pooling: 'max' }] }, 'at fields.0.pooling'],
    [{ ...schema, numbers: [{ ...numbers[0], name: 'City' }] }, "two columns are named 'City'"],
    [{ ...schema, numbers: [{ ...numbers[0], name: 'label' }] }, "'label' is the label's column"],
    [{ ...schema, numbers: [{ ...numbers[0], transform: 'sqrt' }] }, 'at numbers.0.transform'],
    [{ ...schema, weight: 'w', fields: [{ name: 'weight', value: city }] }, "two columns are named 'weight'"],
  ];
  for (const [wrong, message] of refusals) expect(() => parseSchema(wrong), message).toThrow(message);
  // Without a weight a field may be called so.
  expect(parseSchema({ ...schema, fields: [{ name: 'weight', value: city }] }).fields).toHaveLength(1);
  expect(fingerprint(rich, [])).not.toBe(fingerprint({ ...rich, group: 'w' }, []));
});
