import { expect, it } from 'vitest';
import { rateFactor } from './schedule.js';

it('drops after each named epoch, once for each', () => {
  const drops = { afterEpochs: [2, 4, 4], factor: 0.5 };
  expect([1, 2, 3, 4, 5, 9].map((epoch) => rateFactor(drops, epoch))).toEqual([1, 1, 0.5, 0.5, 0.125, 0.125]);
});

it('is 1 in every epoch where none is named', () => {
  expect(rateFactor({ afterEpochs: [], factor: 0.1 }, 100)).toBe(1);
});
