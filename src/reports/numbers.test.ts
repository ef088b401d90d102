import { describe, expect, it } from 'vitest';
import { bytes, decimalsFor, duration, percent, roundBytes, signed, times } from './numbers.js';

describe('numbers', () => {
  it('prints what can be read', () => {
    expect([bytes(812), bytes(17_388_960), bytes(209e6), bytes(999_600)]).toEqual([
      '812 bytes',
      '17.4 MB',
      '209 MB',
      '1.00 MB',
    ]);
    expect([roundBytes(1e7), roundBytes(1.5e8), roundBytes(2.5e6), roundBytes(500)]).toEqual([
      '10 MB',
      '150 MB',
      '2.5 MB',
      '500 bytes',
    ]);
    expect([duration(6.31), duration(58.4), duration(600), duration(9000)]).toEqual([
      '6.3 s',
      '58 s',
      '10.0 min',
      '2.5 h',
    ]);
    expect([times(3.2), times(10.666)]).toEqual(['3.20×', '10.7×']);
    expect([percent(0), percent(0.00317), percent(0.571)]).toEqual(['0 %', '0.32 %', '57.1 %']);
  });

  it('signs a difference, but not a zero', () => {
    expect([signed(0.00012, 4), signed(-0.00012, 4), signed(-0.00001, 4), signed(0, 2)]).toEqual([
      '+0.0001',
      '−0.0001',
      '0.0000',
      '0.00',
    ]);
  });

  it('gives a deviation two digits', () => {
    expect(decimalsFor([0.0021], 9)).toBe(4);
    expect(decimalsFor([0.0001, 0.00021, 0.5], 9)).toBe(5);
    expect(decimalsFor([0, 0], 5)).toBe(5);
    expect(decimalsFor([1e-12], 5)).toBe(6);
    expect(decimalsFor([3], 5)).toBe(3);
  });
});
