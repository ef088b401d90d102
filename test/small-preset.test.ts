// What the presets `small` and `smaller` promise: table, step and optimizer state of a row in at most an eighth, and a thirteenth,
// of fp32 with Adam.
import { describe, expect, it } from 'vitest';
import { rowLayout, type Storage } from '../src/embedding/layout.js';
import { presets, resolveWithPreset } from '../src/runs/presets.js';
import { type ConfigLayer, type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { createMethod, createRowOptimizer } from '../src/scoring/blueprint.js';

function recordBytes(values: PartialConfig): number {
  const config = resolveConfig(values);
  const { storage, stepOptimizer } = createMethod(config);
  const bytesOf = (of: Storage) =>
    rowLayout(config.model.dim, of, createRowOptimizer(config), stepOptimizer).recordBytes;
  const cold = bytesOf(storage);
  if (!storage.hot) return cold;
  const { hotShare } = config.method;
  return (1 - hotShare) * cold + hotShare * bytesOf({ ...storage, ...storage.hot });
}

describe('the preset small', () => {
  it('takes 20 bytes a row of 16, where fp32 with Adam takes 192', () => {
    expect(recordBytes({ method: { name: 'full' } })).toBe(192);
    expect(recordBytes(presets.small.config())).toBe(20);
  });

  it.each([8, 16, 24, 32, 64, 128])('is an eighth of fp32 with Adam or less, at D = %i', (dim) => {
    const full = recordBytes({ method: { name: 'full' }, model: { dim } });
    expect(8 * recordBytes({ ...presets.small.config(), model: { dim } })).toBeLessThanOrEqual(full);
  });
});

it('the preset smaller takes 14.4 bytes a row of 16, in 4 bits, or the 2 that are asked for', () => {
  expect(recordBytes(presets.smaller.config(4))).toBeCloseTo(14.4, 10);
  const asked = (layers: ConfigLayer[]) => resolveWithPreset(presets.smaller, layers).method;
  expect(asked([])).toMatchObject({ name: 'lpt-row', bits: 4, hotBits: 8 });
  expect(asked([{ values: { method: { bits: 2 } } }])).toMatchObject({ bits: 2, hotBits: 8 });
  expect(asked([{ values: { method: { bits: 8 } } }])).toMatchObject({ bits: 8, hotBits: null });
});
