import { expect, it } from 'vitest';
import { findPreset, presetNames } from './presets.js';
import { resolveConfig } from './resolve-config.js';
import { requireSameTraining } from './same-config.js';

it.each(presetNames)('of preset %s, a model of any width is made from one of full', (name) => {
  const full = resolveConfig(findPreset(name).config(8), { method: { name: 'full' } });
  for (const bits of [2, 4, 8, 16] as const) {
    const round = resolveConfig(findPreset(name).config(bits), { method: { name: 'round', bits } });
    expect(() => requireSameTraining(full, round)).not.toThrow();
    const other = resolveConfig(round, { optimizer: { learningRate: 0.5 } });
    expect(() => requireSameTraining(full, other)).toThrow(
      'optimizer.learningRate is 0.5, but the run has 0.001.',
    );
  }
});
