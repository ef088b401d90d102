import { describe, expect, it } from 'vitest';
import { differingLines } from './configurations.js';

describe('differingLines', () => {
  it('has a line for each path that differs, in either', () => {
    const first = { method: { name: 'full', bits: null }, hidden: [4, 4], old: 1, same: true };
    const config = { method: { name: 'alpt', bits: 8 }, hidden: [4, 2], same: true, extra: { on: 'x\ny' } };
    expect(differingLines(config, first)).toEqual([
      'method.name: "alpt"  # first: "full"',
      'method.bits: 8  # first: null',
      'hidden: [4,2]  # first: [4,4]',
      'extra.on: "x\\ny"  # first: (none)',
      'old: (none)  # first: 1',
    ]);
    expect(differingLines(first, first)).toEqual([]);
  });
});
