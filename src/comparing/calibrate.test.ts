import { expect, it } from 'vitest';
import { type PartialConfig, resolveConfig } from '../runs/resolve-config.js';
import { secondsOfAll } from './calibrate.js';

const of = (name: string, epochs: number, more: PartialConfig = {}) =>
  resolveConfig({ method: { name }, training: { epochs } }, more);

it('times each kind once, and counts the epochs of all', async () => {
  const timed: string[] = [];
  const seconds = await secondsOfAll(
    [
      of('full', 2),
      of('alpt', 3),
      of('full', 5, { training: { seed: 2 } }),
      of('alpt', 1, { method: { bits: 4 } }),
    ],
    async ({ method }) => {
      timed.push(method.name);
      return method.name === 'full' ? 10 : 100;
    },
  );
  expect(timed).toEqual(['full', 'alpt']);
  expect(seconds).toBe(2 * 10 + 3 * 100 + 5 * 10 + 1 * 100);
});

it('tells models and batches apart', async () => {
  let timed = 0;
  const configs = [
    of('full', 1),
    of('full', 1, { model: { dim: 4 } }),
    of('full', 1, { training: { batchSize: 7 } }),
  ];
  expect(await secondsOfAll(configs, async () => ++timed)).toBe(1 + 2 + 3);
});

it('leaves out what does not train, and knows nothing where nothing does', async () => {
  const some = await secondsOfAll([of('full', 4), of('lpt', 9)], async ({ method }) =>
    method.name === 'lpt' ? null : 3,
  );
  expect(some).toBe(12);
  expect(await secondsOfAll([of('full', 4)], async () => null)).toBeNull();
});
