import { expect, it } from 'vitest';
import { count } from '../reports/numbers.js';
import { bytes, duration, metric, times } from './quantities.js';

it('counts in groups of three', () => {
  expect(count(1_234_567)).toBe('1,234,567');
});

it.each([
  [0, '0 bytes'],
  [812, '812 bytes'],
  [1000, '1.0 kB'],
  [21_750_000, '21.8 MB'],
  [999_499_999, '999 MB'],
  [999_500_000, '1.0 GB'],
  [1_000_000_000, '1.0 GB'],
])('%i bytes are %s', (n, text) => {
  expect(bytes(n)).toBe(text);
});

it.each([
  [0, '0 s'],
  [59.2, '1 min 0 s'],
  [125, '2 min 5 s'],
  [7260, '2 h 1 min'],
])('%f seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it('says why a metric is missing', () => {
  expect(metric(0.81443, 4)).toBe('0.8144');
  expect(metric(null, 4)).toBe('undefined (one class)');
  expect(times(64, 20)).toBe('3.2×');
});
