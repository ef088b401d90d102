import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findDuplicateKey } from './json-duplicates.js';

it('finds no duplicate in what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(2), (value, indent) => {
      expect(findDuplicateKey(JSON.stringify(value, null, indent))).toBeUndefined();
    }),
  );
});

it.each([
  ['{"a":1,"b":2,"a":3}', 'a'],
  ['{"a" : 1, "\\u0061" :2}', 'a'],
  ['{"x":[{"a":1},{"a":1,"a":2}]}', 'a'],
  ['{"a":"b","b":"a","c\\"":1,"c\\"":2}', 'c"'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['{"":1,"":2}', ''],
])('finds the duplicate of %s', (json, key) => {
  expect(findDuplicateKey(json)).toBe(key);
});

it.each(['{"a":"a","b":["a","a"],"c":{"a":1}}', '{"a\\\\":"a","a":"\\":"}'])('finds none in %s', (json) => {
  expect(findDuplicateKey(json)).toBeUndefined();
});
