import { expect, it } from 'vitest';
import { LocalTraining } from '../../test/local-training.js';
import type { Optimizer, UpdateSettings } from '../optimizers/optimizer.js';
import { resolveConfig } from '../runs/resolve-config.js';

const cases = [
  { learningRate: 3e-4, weightDecay: 0.01, expected: { learningRate: 1.5e-4, weightDecay: 0.01 } },
  { learningRate: null, weightDecay: 0, expected: { learningRate: 1e-3, weightDecay: 0 } },
];

it.each(cases)(
  "takes the network's rate, or the rows' where it is $learningRate, and its own decay",
  async ({ learningRate, weightDecay, expected }) => {
    const seen: UpdateSettings[] = [];
    const recorder: Optimizer = {
      name: 'recorder',
      stateBytes: () => 0,
      change: (_kernels, _at, _block, settings) => seen.push(settings),
    };
    const config = resolveConfig({
      model: { dim: 2, hidden: [3] },
      optimizer: { learningRate: 2e-3, weightDecay: 0.5 },
      dense: { learningRate, weightDecay },
      training: { batchSize: 4 },
    });
    const shape = { vocabularySizes: [4], fieldVocabularies: [0] };
    const training = await LocalTraining.create(config, shape, recorder);
    await training.step([[0], [1], [2], [3]], [0, 1, 0, 1], 0.5);
    // Once a step, though ALPT runs the network twice.
    expect(seen).toEqual([{ trainingStep: 1, ...expected }]);
  },
);
