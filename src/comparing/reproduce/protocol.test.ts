// Which differences from the paper are listed: none for a faithful Criteo, every one of them where something was changed.
import { describe, expect, it } from 'vitest';
import { faithfulCriteo, flightsManifest } from '../../../test/paper-manifests.js';
import { presets } from '../../runs/presets.js';
import { parseSetting } from '../../runs/resolve-config.js';
import { paperRows, rowConfig } from './paper-row.js';
import { dataDifferences, runDifferences, seedDifferences } from './protocol.js';

describe('data', () => {
  it('of a faithful Criteo differ in nothing', () => {
    expect(dataDifferences(faithfulCriteo())).toEqual([]);
    const lower = faithfulCriteo({ minCount: 2, features: 6_780_400 });
    expect(dataDifferences(lower, 'lower')).toEqual([]);
  });

  it.each([
    ['rows', { rows: 1000 }, 'It has 1,000 rows (the paper: 45,840,617).'],
    ['threshold', { minCount: 2 }, 'Values seen fewer than 2 times are OOV (the paper: 10).'],
    ['vocabulary', { vocabulary: 'train' }, 'Vocabularies are built on the training rows only'],
    ['features', { features: 1_000_000 }, 'The table has 1,000,000 rows (the paper: 1,086,895).'],
    ['split', { split: 'modulus' }, "The split is 'modulus' (the paper: random, 8:1:1"],
    ['test', { hasTest: false }, 'There is no test split'],
    ['sampling', { negativeSampling: 0.1 }, 'Only 0.1 of the training rows without a click'],
    ['fields', { fields: 26 }, 'It has 26 fields (the paper: 39).'],
  ] as const)('with other %s differ in that alone', (_, changed, sentence) => {
    const differences = dataDifferences(faithfulCriteo(changed));
    expect(differences).toHaveLength(1);
    expect(differences[0]).toContain(sentence);
  });

  it('of flights differ in what they are, and are set beside both of the paper’s', () => {
    const differences = dataDifferences(flightsManifest()).join('\n');
    expect(differences).toContain('The data set is flights (the paper: Criteo and Avazu).');
    expect(differences).toContain('3,000,000 rows (the paper: 40,428,967 on Avazu, 45,840,617 on Criteo)');
    expect(differences).toContain('training rows only');
    expect(differences).toContain("'modulus'");
    // 24 fields and a threshold of 2 are Avazu's.
    expect(differences).not.toContain('fields (');
    expect(differences).not.toContain('OOV');
  });
});

describe('runs', () => {
  const [full] = paperRows;
  const alpt = paperRows[8];
  const judged = (settings: readonly string[], row: (typeof paperRows)[number] = full, preset = true) => ({
    name: row.name,
    config: rowConfig(row, 8, {
      preset: preset ? presets.criteo : undefined,
      layers: settings.map((text) => ({ values: parseSetting(text) })),
    }),
    references: [{ name: 'Criteo', config: rowConfig(row, 8, { preset: presets.criteo, layers: [] }) }],
  });

  it('with the preset differ in nothing, whatever the seed and the micro-batches', () => {
    expect(
      runDifferences([judged([]), judged(['training.seed=7', 'training.microBatch=500'], alpt)]),
    ).toEqual([]);
  });

  it('name what differs, both values and whose the other is', () => {
    expect(
      runDifferences([judged(['optimizer.name=rowwise-adagrad', 'training.epochs=1', 'model.dim=8'])]),
    ).toEqual([
      expect.stringContaining('D, the width of an embedding, is 8 (the paper: 16).'),
      expect.stringContaining('The optimizer of rows is rowwise-adagrad (the paper: adam).'),
      'The most epochs is 1 (the paper: 15).',
    ]);
    expect(runDifferences([judged(['model.hidden=[64,32]'])])).toEqual([
      'The MLP is [64, 32] (the benchmark that the paper refers to: [1000, 1000, 1000, 1000, 1000]).',
    ]);
    expect(runDifferences([judged(['optimizer.weightDecay=0'])])).toEqual([
      'The weight decay of embeddings is 0 (the paper: 1e-5).',
    ]);
  });

  it('name the row where not all rows differ', () => {
    const one = judged(['alpt.stepLearningRate=1e-3'], alpt);
    expect(runDifferences([judged([]), one])).toEqual([
      'ALPT(SR): the learning rate of the step size is 0.001 (the paper: 2e-5).',
    ]);
  });

  it('beside two data sets, differ where they are like neither', () => {
    const references = [
      { name: 'Avazu', config: rowConfig(full, 8, { preset: presets.avazu, layers: [] }) },
      { name: 'Criteo', config: rowConfig(full, 8, { preset: presets.criteo, layers: [] }) },
    ];
    expect(runDifferences([{ ...judged([]), references }])).toEqual([]);
    expect(runDifferences([{ ...judged(['optimizer.weightDecay=1e-3']), references }])).toEqual([
      'The weight decay of embeddings is 0.001 (the paper: 5e-8 on Avazu, 1e-5 on Criteo).',
    ]);
  });
});

it('fewer than five seeds are a difference', () => {
  expect(seedDifferences(5)).toEqual([]);
  expect(seedDifferences(1)).toEqual(['1 seed (the paper: each experiment at least five times).']);
});
