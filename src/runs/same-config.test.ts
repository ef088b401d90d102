import { expect, it } from 'vitest';
import { findPreset, presetNames } from './presets.js';
import { resolveConfig } from './resolve-config.js';
import { requireSameModel, requireSameTraining } from './same-config.js';

it.each(presetNames)('of preset %s, a model of any width is made from one of full', (name) => {
  const full = resolveConfig(findPreset(name).config(8), { method: { name: 'full' } });
  for (const bits of [2, 4, 8, 16] as const) {
    const round = resolveConfig(findPreset(name).config(bits), { method: { name: 'round', bits } });
    expect(() => requireSameTraining(full, round)).not.toThrow();
    const other = resolveConfig(round, { optimizer: { learningRate: 0.5 } });
    expect(() => requireSameTraining(full, other)).toThrow(
      `optimizer.learningRate is 0.5, but the run has ${full.optimizer.learningRate}.`,
    );
  }
});

it('training goes on with the steps that a run has: their type, their rule and its domain', () => {
  const run = resolveConfig({});
  const goesOn = (values: object) => () => requireSameModel(run, resolveConfig({ ...values }));
  expect(goesOn({ method: { stepType: 'fp16' } })).toThrow(
    'method.stepType is "fp16", but the run has "fp32".',
  );
  expect(goesOn({ alpt: { stepOptimizer: 'rms' } })).toThrow('alpt.stepOptimizer is "rms"');
  expect(goesOn({ alpt: { stepState: 'bf16' } })).toThrow('alpt.stepState is "bf16"');
  expect(goesOn({ alpt: { stepDomain: 'log' } })).toThrow('alpt.stepDomain is "log"');
  // Rates may differ, and what another method would do.
  expect(goesOn({ alpt: { stepLearningRate: 1e-4 }, lsq: { granularity: 'row' } })).not.toThrow();
});
