// What `--preset small` promises: table, step and optimizer state of a row in at most an eighth of fp32 with Adam.
import { describe, expect, it } from 'vitest';
import { rowLayout } from '../src/embedding/layout.js';
import { presets } from '../src/runs/presets.js';
import { type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { createMethod, createRowOptimizer } from '../src/scoring/blueprint.js';

function recordBytes(values: PartialConfig): number {
  const config = resolveConfig(values);
  const { storage, stepOptimizer } = createMethod(config);
  return rowLayout(config.model.dim, storage, createRowOptimizer(config), stepOptimizer).recordBytes;
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
