import { expect, it } from 'vitest';
import { resolveConfig } from './resolve-config.js';

it('serves 4 bits of nested codes, and has 8 of others, unless asked for a width', () => {
  const bits = (method: object) => resolveConfig({ method: { ...method } }).method.bits;
  expect(bits({ name: 'nested' })).toBe(4);
  expect(bits({ name: 'nested', bits: 2 })).toBe(2);
  expect(bits({ name: 'alpt' })).toBe(8);
  expect(bits({})).toBe(8);
});
