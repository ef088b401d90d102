import { describe, expect, it } from 'vitest';
import { codeBits } from '../quantization/grid.js';
import { presetNames, presets } from './presets.js';
import { resolveConfig } from './resolve-config.js';

describe.each(presetNames)('the preset %s', (name) => {
  it.each(codeBits)('is a whole configuration at %i bits, and leaves the width to others', (bits) => {
    const values = presets[name].config(bits);
    // Of `smaller` it is what makes it so.
    if (name !== 'smaller') expect(values).not.toHaveProperty('method.bits');
    expect(() => resolveConfig(values, { method: { bits } })).not.toThrow();
  });
});

describe.each(['criteo', 'avazu'] as const)('the preset %s', (name) => {
  it('has what the paper uses for both data sets', () => {
    const config = resolveConfig(presets[name].config(8));
    expect(presets[name].config(8)).not.toHaveProperty('method');
    expect(config.training).toMatchObject({ epochs: 15, batchSize: 10_000 });
    expect(config.optimizer).toMatchObject({ name: 'adam', learningRate: 1e-3 });
    expect(config.optimizer.drops).toEqual({ afterEpochs: [6, 9], factor: 0.1 });
    expect(config.alpt).toMatchObject({ stepLearningRate: 2e-5, stepWeightDecay: null });
    expect(config.model.dim).toBe(16);
  });
});

// ALPT, sections 4.1 and 4.3; BARS, DCN_criteo_x4_001 and DCN_avazu_x4_001.
describe('what differs', () => {
  it.each([
    ['criteo', 4, [1000, 1000, 1000, 1000, 1000], 0.2, 1e-5, 1e-6],
    ['avazu', 3, [2000, 2000, 2000], 0, 5e-8, 0],
  ] as const)('%s', (name, crossLayers, hidden, dropout, weightDecay, stepWeightDecay) => {
    for (const bits of [4, 2] as const) {
      const config = resolveConfig(presets[name].config(bits));
      expect(config.model).toMatchObject({ crossLayers, hidden, dropout });
      expect(config.optimizer.weightDecay).toBe(weightDecay);
      expect(config.alpt.stepWeightDecay).toBe(stepWeightDecay);
      expect(config.lpt.clip).toBe(0.1);
    }
  });
});
