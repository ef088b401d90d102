// Training with hot rows: a table of one tier alone is the plain table of that width, and in a mixed one every row trains
// as in the plain table of its own width.
import { describe, expect, it } from 'vitest';
import { allRows, LocalTraining } from '../../test/local-training.js';
import { merge, type PartialConfig, resolveConfig } from '../runs/resolve-config.js';

const SIZES = [20, 30];
const ROWS = 50;
const DIM = 5;

interface State {
  values: Float32Array;
  steps: Float32Array;
  losses: number[];
}

const settings: PartialConfig = {
  model: { dim: DIM, hidden: [8], crossLayers: 2, initialDeviation: 0.02 },
  optimizer: { learningRate: 0.02 },
  dense: { learningRate: null },
  // With a decay the scale of the gradient matters to Adam.
  alpt: { stepLearningRate: 1e-3, stepWeightDecay: 0.01 },
  training: { batchSize: 60, microBatch: 16, seed: 5 },
};

/** Some steps on rows with those ids. */
async function train(method: PartialConfig, hotRows: number[], ids: readonly number[]): Promise<State> {
  const config = resolveConfig(merge(settings, method));
  const training = await LocalTraining.create(config, {
    vocabularySizes: SIZES,
    fieldVocabularies: [0, 1],
    hotRows,
  });
  const losses: number[] = [];
  for (let step = 0; step < 12; step++) {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const at = i * 7 + step;
      return [ids[at % ids.length], ids[(at * 3) % ids.length]];
    });
    losses.push(
      (
        await training.step(
          rows,
          rows.map(([a, b]) => (a + b) & 1),
        )
      ).loss,
    );
  }
  const values = new Float32Array(ROWS * DIM);
  const steps = new Float32Array(ROWS);
  training.table.read(allRows(ROWS), values);
  training.table.readSteps(allRows(ROWS), steps);
  return { values, steps, losses };
}

const cases = [
  { name: 'lpt', hotBits: 8, options: {} },
  { name: 'lpt', hotBits: 16, options: {} },
  { name: 'alpt', hotBits: 16, options: {} },
  { name: 'alpt', hotBits: 8, options: { alpt: { stepDomain: 'log' } } },
  { name: 'alpt', hotBits: 8, options: { method: { stepType: 'fp16' } } },
  { name: 'lpt-row', hotBits: 8, options: { 'lpt-row': { range: 'affine' } } },
  { name: 'lpt-row', hotBits: 8, options: { method: { stepType: 'fp16' }, 'lpt-row': { range: 'affine' } } },
  { name: 'lpt-row', hotBits: 16, options: {} },
];

describe.each(cases)('$name of 4 bits with hot rows of $hotBits', ({ name, hotBits, options }) => {
  const plain = (bits: number) => merge(options, { method: { name, bits } });
  const tiered = merge(options, { method: { name, bits: 4, hotBits } });
  const ids = Array.from({ length: 20 }, (_, id) => id);

  it('is the plain table of 4 bits where none is hot, and the other one where all are', async () => {
    const cold = await train(tiered, [0, 0], ids);
    expect(cold).toEqual(await train(plain(4), [0, 0], ids));
    const hot = await train(tiered, SIZES, ids);
    expect(hot).toEqual(await train(plain(hotBits), [0, 0], ids));
    expect(hot.values).not.toEqual(cold.values);
    expect(hot.losses.every(Number.isFinite)).toBe(true);
  });

  it('trains each row as the plain table of its width does', async () => {
    // Batches of rows of one tier alone: the network then sees the same as there.
    const isHot = (row: number) => row < 8 || (row >= 20 && row < 28);
    for (const [tier, bits, seen] of [
      ['hot', hotBits, ids.slice(0, 8)],
      ['cold', 4, ids.slice(8)],
    ] as const) {
      const mixed = await train(tiered, [8, 8], seen);
      const alone = await train(plain(bits), [0, 0], seen);
      expect(mixed.losses).toEqual(alone.losses);
      for (let row = 0; row < ROWS; row++) {
        if (isHot(row) !== (tier === 'hot')) continue;
        expect(mixed.values.slice(row * DIM, row * DIM + DIM), `row ${row}`).toEqual(
          alone.values.slice(row * DIM, row * DIM + DIM),
        );
        expect(mixed.steps[row]).toBe(alone.steps[row]);
      }
    }
  });

  it('trains on both at once', async () => {
    const mixed = await train(tiered, [8, 8], ids);
    const cold = await train(plain(4), [0, 0], ids);
    expect(mixed.values).not.toEqual(cold.values);
    expect(mixed.losses[11]).toBeLessThan(mixed.losses[0]);
  });
});

it('begins a hot row with a step as much smaller as its grid is finer, from a first step of its own too', () => {
  const firstOf = (alpt: PartialConfig, hotRows: number[]) =>
    train({ method: { name: 'alpt', bits: 4, hotBits: 8 }, alpt }, hotRows, [0]);
  return Promise.all([firstOf({}, [5, 5]), firstOf({ firstStep: 0.006 }, [5, 5])]).then(([usual, given]) => {
    // Rows 4 and 10 were never seen.
    expect(given.steps[10]).toBe(Math.fround(0.006));
    expect(given.steps[4] / given.steps[10]).toBeCloseTo(Math.sqrt(7 / 127), 6);
    expect(usual.steps[4] / usual.steps[10]).toBeCloseTo(Math.sqrt(7 / 127), 6);
  });
});
