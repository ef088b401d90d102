// The numbers that shapes and formulas stand for.
import { expect, it } from 'vitest';
import { shapeConfig, usefulFlops } from './shapes.js';

it('counts the useful flops of a step by the formula', () => {
  // 6 · 10,000 · (624·400 + 400·400 + 400·400 + 400·1)
  expect(usefulFlops('A', 39)).toBe(6 * 10_000 * (624 * 400 + 2 * 400 * 400 + 400));
  // 6 · 4,096 · (384·200 + 200·200 + 200·200 + 200·1), and 10 for the five products of alpt
  expect(usefulFlops('B', 24)).toBe(6 * 4096 * (384 * 200 + 2 * 200 * 200 + 200));
  expect(usefulFlops('B', 24, 5) / usefulFlops('B', 24)).toBeCloseTo(5 / 3, 12);
});

it('has the batch and the network of a shape, and whatever else is asked for', () => {
  const config = shapeConfig('A', { method: { name: 'full' } });
  expect(config.training.batchSize).toBe(10_000);
  expect(config.model).toMatchObject({ name: 'dcn', dim: 16, crossLayers: 3, hidden: [400, 400, 400] });
  expect(config.method.name).toBe('full');
});
