// What is read of the methods that train as `full`: `round` by rows on their own grids, and how many bytes they serve.
import { describe, expect, it } from 'vitest';
import { allRows, LocalTraining } from '../../test/local-training.js';
import { roundMinMax } from '../posttraining/min-max.js';
import { codeBits } from '../quantization/grid.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { createMethod } from '../scoring/blueprint.js';

const V = 20;
const D = 9;

/** After a few steps: what is stored, and what is read. */
async function trained(method: object, bits: (typeof codeBits)[number]) {
  const config = resolveConfig({
    model: { dim: D, hidden: [4], crossLayers: 1 },
    method: { ...method, bits },
    training: { batchSize: 40 },
  });
  const training = await LocalTraining.create(config, { vocabularySizes: [V], fieldVocabularies: [0] });
  const ids = Array.from({ length: 40 }, (_, i) => [i % (V - 3)]);
  const labels = ids.map(([id]) => id & 1);
  for (let step = 0; step < 3; step++) await training.step(ids, labels);
  const [stored, read] = [new Float32Array(V * D), new Float32Array(V * D)];
  training.table.readStored(allRows(V), stored);
  training.table.read(allRows(V), read);
  return { stored, read };
}

describe('round', () => {
  it.each(codeBits)('stores what full stores, and is read as rows of %i bits', async (bits) => {
    const full = await trained({ name: 'full' }, 8);
    const { stored, read } = await trained({ name: 'round' }, bits);
    expect(stored).toEqual(full.stored);
    expect(full.read).toEqual(full.stored);
    roundMinMax(full.stored, D, bits);
    expect(read).toEqual(full.stored);
    expect(read).not.toEqual(stored);
    for (let row = 0; row < V; row++) {
      expect(new Set(read.subarray(row * D, (row + 1) * D)).size).toBeLessThanOrEqual(2 ** bits);
    }
  });
});

it('a served row is codes, scale and bias, or a bit for each value and those that are left', () => {
  const served = (method: object, more = {}) =>
    createMethod(resolveConfig({ model: { dim: 16 }, method, ...more })).servedRowBytes;
  expect(codeBits.map((bits) => served({ name: 'round', bits }))).toEqual([12, 16, 24, 40]);
  expect(served({ name: 'magnitude' })).toBe(2 + 32);
  // A mean: no whole number of bytes.
  expect(served({ name: 'pruning' }, { pruning: { sparsity: 0.9 } })).toBeCloseTo(2 + 6.4);
});
