// What every embedding method must do. A method enters by being in the registry.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { writeEncodedDataset } from '../../test/encoded-dataset.js';
import { allRows, LocalTraining } from '../../test/local-training.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { isQuantized } from '../embedding/layout.js';
import { type MethodName, methodNames, methods, onlyRounding } from '../embedding/methods.js';
import type { Rounding } from '../embedding/table.js';
import { corrections } from '../optimizers/correction.js';
import { optimizerNames, optimizers } from '../optimizers/registry.js';
import { type CodeBits, codeBits } from '../quantization/grid.js';
import { stateTypes } from '../quantization/moments.js';
import { type EpochSums, nothingDone } from '../runs/progress.js';
import { merge, type PartialConfig, resolveConfig } from '../runs/resolve-config.js';
import { type EpochProgress, Trainer } from './trainer.js';

/** Passes of the network in one step, with default options. */
const passes: Record<MethodName, number> = {
  full: 1,
  lpt: 1,
  alpt: 2,
  'lpt-row': 1,
  nested: 1,
  lsq: 1,
  pact: 1,
  hashing: 1,
  pruning: 1,
  magnitude: 1,
  round: 1,
};

/** Of a batch of seven micro-batches, those that a step with these options runs the network on, once for each pass. */
function networkRuns(name: MethodName, options: PartialConfig): number {
  const { pass, passShare } = resolveConfig(options).alpt;
  if (name !== 'alpt' || pass === 'full') return 7 * passes[name];
  return 7 + (pass === 'sampled' ? Math.max(1, Math.round(7 * passShare)) : 0);
}

/** Times a step reads its rows, where that is not once: what is seen, and then what is stored. */
const reads: Partial<Record<MethodName, number>> = { nested: 2 };

/** Rates of steps with which a few epochs on a small table show something. */
const stepRates: PartialConfig = {
  alpt: { stepLearningRate: 1e-3 },
  lsq: { stepLearningRate: 1e-3 },
  pact: { clipLearningRate: 1e-3 },
};

/** And of rows and network. */
const fastRates: PartialConfig = {
  optimizer: { learningRate: 0.02 },
  dense: { learningRate: 0.02 },
  model: { dropout: 0 },
};

const halfSteps: PartialConfig = { method: { stepType: 'fp16' } };
const logSteps: PartialConfig = { alpt: { stepDomain: 'log', stepLearningRate: 0.1 } };

const affine: PartialConfig = { 'lpt-row': { range: 'affine' } };
const hotRowsOf = (hotBits: CodeBits): PartialConfig => ({ method: { hotBits } });

/** Options that make something else of a method's table, beside its defaults. */
const furtherOptions: Partial<Record<MethodName, PartialConfig[]>> = {
  lpt: [hotRowsOf(8)],
  alpt: [
    halfSteps,
    logSteps,
    merge(halfSteps, logSteps, { alpt: { stepOptimizer: 'rms', stepState: 'bf16' } }),
    hotRowsOf(16),
    merge(halfSteps, hotRowsOf(8)),
    { alpt: { pass: 'reuse' } },
    { alpt: { pass: 'sampled' } },
  ],
  'lpt-row': [affine, merge(halfSteps, affine), merge(affine, hotRowsOf(8)), merge(halfSteps, hotRowsOf(16))],
  nested: [{ nested: { storedBits: 6 } }, { nested: { storedBits: 12 } }, halfSteps],
};
/** Hot rows of the vocabularies of `dataset`: all of one, some of the next, none of the last. */
const hotRows = [7, 30, 0];

/** Widths that a method has with these options: hot rows have more bits, and of nested codes fewer are served than stored. */
function widthsOf({ name, options, hotBits }: (typeof kinds)[number]): CodeBits[] {
  if (name !== 'nested') return codeBits.filter((bits) => bits < (hotBits ?? 32));
  const { storedBits } = resolveConfig(options).nested;
  return codeBits.filter((bits) => bits < storedBits);
}

/** An option in a title: a word alone, a number with its name. */
const worded = ([key, value]: [string, unknown]) => (typeof value === 'string' ? value : `${key} ${value}`);

/** Every method with its default options and the further ones. */
const kinds = methodNames.flatMap((name) =>
  [{} as PartialConfig, ...(furtherOptions[name] ?? [])].map((options) => ({
    name,
    options,
    hotBits: Object(options.method).hotBits as CodeBits | undefined,
    title: [
      name,
      ...Object.values(options).flatMap((section) => Object.entries(Object(section)).map(worded)),
    ].join(' '),
  })),
);

/** Each of them at every width it has; with default options in every rounding too. */
const variants = kinds.flatMap((kind) =>
  methods[kind.name].isQuantized
    ? widthsOf(kind).flatMap((bits) => roundingsOf(kind).map((rounding) => ({ ...kind, bits, rounding })))
    : [{ ...kind, bits: 8 as const, rounding: 'stochastic' as const }],
);

/** Of 16 rows. */
const HOT = 6;
const BATCH = 200;
/** Just above the scratch area that a shard needs: a few hundred rows in each. */
const MANY_SHARDS = 2 ** 18 + 6000;
const small: PartialConfig = {
  model: { dim: 5, hidden: [12, 8], crossLayers: 2, dropout: 0.2, batchNorm: true },
  // 200 rows in micro-batches of 32: seven of them, the last with 8 rows.
  training: { batchSize: BATCH, microBatch: 32, seed: 3 },
};

function roundingsOf({ name, options }: (typeof kinds)[number]): Rounding[] {
  const rounding = onlyRounding(name);
  if (rounding) return [rounding];
  return Object.keys(options).length > 0 ? ['stochastic'] : ['stochastic', 'deterministic'];
}

let dataset: EncodedDataset;
/** The same ids at the head of bags; rows also have numbers, weights and groups. */
let richDataset: EncodedDataset;
beforeAll(async () => {
  dataset = await writeEncodedDataset({
    rows: 1100,
    sizes: [7, 300, 40],
    rowGroupRows: 512,
    // A label that the fields tell, so that there is something to learn.
    label: 'case when (i * 7919) % 7 < 3 then 1 else 0 end',
  });
  richDataset = await writeEncodedDataset({
    rows: 1100,
    sizes: [7, 300, 40],
    rowGroupRows: 512,
    label: 'case when (i * 7919) % 7 < 3 then 1 else 0 end',
    bags: { 1: 'mean', 2: 'sum' },
    hasExtras: true,
  });
});

interface Trained {
  checksum: string;
  losses: number[];
  /** Of the last epoch. */
  sums: EpochSums;
  trainer: {
    shards: number;
    storedBits: number;
    networkRuns: number[];
    rowsRead: number;
    predicted: unknown;
    allocated: unknown;
  };
}

async function trainOnce(
  settings: PartialConfig,
  threads: number,
  shardBytes?: number,
  data = dataset,
): Promise<Trained> {
  const config = resolveConfig(merge(small, settings));
  const trainer = new Trainer({
    dataset: data,
    config,
    threads,
    hotRows,
    ...(shardBytes ? { shardBytes } : {}),
  });
  try {
    const losses: number[] = [];
    await trainer.trainEpoch(1, { onProgress: ({ loss }) => losses.push(loss) });
    let sums: EpochSums = nothingDone;
    const onProgress = ({ loss, done }: EpochProgress) => {
      losses.push(loss);
      sums = done;
    };
    await trainer.trainEpoch(2, { onProgress });
    const file = join(mkdtempSync(join(tmpdir(), 'bitrow-')), 'model.safetensors');
    await trainer.save(file, {});
    const reports = await trainer.threadReports();
    return {
      checksum: createHash('sha256').update(readFileSync(file)).digest('hex'),
      losses,
      sums,
      trainer: {
        shards: trainer.table.memories.length,
        storedBits: trainer.table.spec.storage.bits,
        networkRuns: reports.map(({ networkRuns }) => networkRuns),
        rowsRead: reports.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
        predicted: trainer.predicted,
        allocated: await trainer.allocatedMemory(),
      },
    };
  } finally {
    await trainer.close();
  }
}

/**
 * Trains two epochs, and the same from a checkpoint within the first, on two threads and in many shards: every bit must
 * be equal, and the memory as predicted. @returns the losses of the epochs
 */
async function expectSameResumed(settings: PartialConfig): Promise<number[]> {
  const config = resolveConfig(merge(small, settings));
  const folder = mkdtempSync(join(tmpdir(), 'bitrow-'));
  const [middle, whole, resumed] = ['middle', 'whole', 'resumed'].map((file) => join(folder, file));
  let at: EpochSums = nothingDone;
  let checkpoints = 0;
  const onProgress = (progress: EpochProgress) => {
    at = progress.done;
  };
  const first = new Trainer({ dataset, config, threads: 1, hotRows });
  let done = at;
  const pause = {
    isDue: () => at.batch === 3 && checkpoints++ === 0,
    take: async () => {
      done = at;
      await first.saveState(middle, {});
    },
  };
  const losses = [];
  try {
    losses.push(await first.trainEpoch(1, { onProgress, pause }), await first.trainEpoch(2));
    await first.saveState(whole, {});
  } finally {
    await first.close();
  }
  expect(done.batch).toBeGreaterThanOrEqual(3);
  expect(done.batch).toBeLessThan(6);
  const second = new Trainer({ dataset, config, threads: 2, hotRows, shardBytes: MANY_SHARDS });
  try {
    await second.restore(middle, done.batch);
    expect([await second.trainEpoch(1, { done }), await second.trainEpoch(2)]).toEqual(losses);
    await second.saveState(resumed, {});
    expect(await second.allocatedMemory()).toEqual(second.predicted);
  } finally {
    await second.close();
  }
  expect(readFileSync(resumed).equals(readFileSync(whole))).toBe(true);
  // And not because nothing happened after it.
  expect(readFileSync(middle).equals(readFileSync(whole))).toBe(false);
  return losses;
}

/** The rules with the most and the least of state: every method must do with both. */
const extremes = ['adam', 'rowwise-adagrad'] as const;

describe.each(kinds)('$title', ({ name, options }) => {
  const settings: PartialConfig = merge({ method: { name, bits: 4 } }, options);

  const isDefault = Object.keys(options).length === 0;

  it('gives the same bits with 1, 2 and 4 threads and in many shards, holds the memory it predicts, and the micro-batches really spread', async () => {
    const one = await trainOnce(settings, 1);
    // On two of them in many shards. Options that change the row alone know nothing of threads: one other number is enough.
    for (const threads of isDefault ? [2, 4] : [2]) {
      const shardBytes = threads === 2 ? MANY_SHARDS : undefined;
      const many = await trainOnce(settings, threads, shardBytes);
      expect(many.trainer.allocated).toEqual(many.trainer.predicted);
      expect(many.checksum).toBe(one.checksum);
      expect(many.losses).toEqual(one.losses);
      expect(many.sums).toEqual(one.sums);
      expect(many.trainer.networkRuns.filter((runs) => runs > 0).length).toBe(threads);
      expect(many.trainer.shards > 1).toBe(shardBytes !== undefined);
    }
    expect(one.sums.curve.length).toBe(6);
    // Codes are rounded; fp32 rows that are only seen on a grid are not.
    expect(one.sums.changes > 0).toBe(isQuantized(one.trainer.storedBits));
  });

  const learning = merge(stepRates, settings, fastRates);

  // Further options change the row, not what is read with it.
  if (!isDefault) {
    it('learns what the fields tell', async () => {
      const { losses } = await trainOnce(learning, 1);
      expect(losses[losses.length - 1]).toBeLessThan(0.6 * losses[0]);
    });
  } else {
    it('does so with bags, numbers, weights and groups, and learns', async () => {
      const one = await trainOnce(learning, 1, undefined, richDataset);
      const two = await trainOnce(learning, 2, undefined, richDataset);
      expect(two.checksum).toBe(one.checksum);
      expect(two.losses).toEqual(one.losses);
      expect(two.trainer.allocated).toEqual(two.trainer.predicted);
      expect(one.losses[one.losses.length - 1]).toBeLessThan(0.6 * one.losses[0]);
    });
  }

  // Further options change the row, not what an optimizer keeps beside it.
  const ofKind = isDefault ? extremes : extremes.slice(0, 1);
  it.each(ofKind)('goes on from a checkpoint to the same bits, with %s', async (optimizer) => {
    await expectSameResumed(merge(settings, { optimizer: { name: optimizer } }));
  });

  it('runs the network once per micro-batch and pass, and reads each unique row as often as the method asks', async () => {
    const shape = { vocabularySizes: [3, 50], fieldVocabularies: [0, 1], hotRows: [1, 9] };
    const config = resolveConfig(merge(small, settings));
    const training = await LocalTraining.create(config, shape);
    const ids = Array.from({ length: BATCH }, (_, i) => [i % 3, (i * i) % 50]);
    const labels = ids.map(([a]) => a & 1);
    let rows = 0;
    for (let step = 0; step < 3; step++) rows += (await training.step(ids, labels)).batch.stored.length;
    expect(training.network.runs).toBe(3 * networkRuns(name, options));
    expect(training.table.rowsRead).toBe((reads[name] ?? 1) * rows);
    const { lookups } = training.method.storage;
    const storedRows = (row: number) =>
      lookups ? [Math.floor(row / lookups.ratio), `remainder ${row % lookups.ratio}`] : [row];
    expect(rows).toBe(3 * new Set(ids.flatMap(([a, b]) => [...storedRows(a), ...storedRows(3 + b)])).size);
  });

  it("multiplies every rate by the schedule's factor", async () => {
    const shape = { vocabularySizes: [30], fieldVocabularies: [0], hotRows: [5] };
    const rates = { rows: 1e-3, dense: 2e-3, steps: 5e-4 };
    const config = resolveConfig(small, settings, {
      // No relu may be dead: a parameter without a gradient does not move.
      model: { hidden: [4], crossLayers: 1, dropout: 0, batchNorm: false },
      optimizer: { learningRate: rates.rows },
      dense: { learningRate: rates.dense },
      alpt: { stepLearningRate: rates.steps },
      nested: { stepLearningRate: rates.steps, stepDomain: 'linear' },
      lsq: { stepLearningRate: rates.steps },
      // A clip is 7 steps at 4 bits, and has a gradient where values are clipped.
      pact: { clipLearningRate: 7 * rates.steps, firstClip: 0.004 },
    });
    const isHalf = config.method.stepType === 'fp16';
    for (const factor of [1, 0.25]) {
      const training = await LocalTraining.create(config, shape);
      for (const data of training.dense.values())
        for (let i = 0; i < data.length; i++) data[i] = 0.3 + 0.1 * Math.sin(i);
      const firstSteps = new Float32Array(30);
      training.table.readSteps(allRows(30), firstSteps);
      const before = new Map([...training.dense].map(([tensor, data]) => [tensor, data.slice()]));
      const ids = Array.from({ length: 60 }, (_, i) => [i % 30]);
      const labels = ids.map(([id]) => id & 1);
      const { batch } = await training.step(ids, labels, factor);
      // Adam's first move is the rate itself, but for ε beside small gradients.
      const largest = (moves: Iterable<number>) => Math.max(...[...moves].map(Math.abs));
      const change = training.exchange.floats('change', 0, batch.stored.length * 5);
      expect(largest(change) / (factor * rates.rows)).toBeCloseTo(1, 1);
      for (const [tensor, data] of training.dense) {
        const moves = data.map((value, i) => value - (before.get(tensor)?.[i] ?? Number.NaN));
        expect(largest(moves) / (factor * rates.dense), tensor).toBeCloseTo(1, 1);
      }
      if (training.method.stepFloor === null) continue;
      const steps = new Float32Array(30);
      training.table.readSteps(allRows(30), steps);
      const isLog = name === 'alpt' && config.alpt.stepDomain === 'log';
      const moves = steps.map((step, row) =>
        isLog ? Math.log(step / firstSteps[row]) : step - firstSteps[row],
      );
      // A half is known to 2^−11 of itself, which the moves may be not much larger than.
      const ulp = isHalf ? (isLog ? 1 : largest(firstSteps)) * 2 ** -10 : 0;
      const error = Math.abs(largest(moves) - factor * rates.steps);
      expect(error).toBeLessThanOrEqual(0.05 * factor * rates.steps + ulp);
    }
  });
});

/** One of each kind of step: one pass, two, rows read twice, pairs of rows. */
const kindsOfStep = ['full', 'alpt', 'nested', 'hashing'] as const satisfies MethodName[];

it.each(kindsOfStep)(
  '%s takes more micro-batches than fit anywhere by chance, and batches smaller than all threads',
  async (name) => {
    const settings: PartialConfig = { method: { name, bits: 4 } };
    const many = { training: { batchSize: 1100, microBatch: 16 } };
    const one = await trainOnce(merge(settings, many), 1);
    expect((await trainOnce(merge(settings, many), 3)).checksum).toBe(one.checksum);
    const tiny = { training: { batchSize: 100, microBatch: 2000 } };
    const single = await trainOnce(merge(settings, tiny), 1);
    expect((await trainOnce(merge(settings, tiny), 4)).checksum).toBe(single.checksum);
  },
);

// What does not depend on how a method's rows are stored.
describe.each(methodNames)('%s', (name) => {
  const settings: PartialConfig = { method: { name, bits: 4 } };

  it('stops at a loss that is not finite, naming step, table and row', async () => {
    const diverging = trainOnce(merge(settings, { dense: { learningRate: 1e30 } }), 2);
    await expect(diverging).rejects.toThrow(
      /^The loss is (NaN|-?Infinity) at step \d+\. The largest value among its rows is \S+, in row \d+ of table 'embedding'\.$/,
    );
  });

  it('says what its options are when one is unknown', () => {
    const wrong = () => resolveConfig({ [name]: { stepp: 1 } });
    expect(wrong).toThrow(`Unknown option '${name}.stepp' (known here: `);
  });
});

describe.each(variants)('$title at $bits bits, $rounding', ({ name, options, bits, hotBits, rounding }) => {
  it('leaves every row alone when the gradient is zero', async () => {
    const shape = { vocabularySizes: [64], fieldVocabularies: [0], hotRows: [10] };
    const config = resolveConfig(small, options, {
      model: { dropout: 0, batchNorm: false, initialDeviation: 0.05 },
      method: { name, bits, rounding },
      dense: { learningRate: 1e-30 },
    });
    const training = await LocalTraining.create(config, shape);
    // No way from the rows to the logit: all derivatives by the values are zero.
    for (const [tensor, data] of training.dense) if (tensor.endsWith('weight')) data.fill(0);
    const { rows } = training.table;
    const before = new Float32Array(rows * 5);
    const after = new Float32Array(rows * 5);
    training.table.read(allRows(rows), before);
    const ids = Array.from({ length: 64 }, (_, i) => [i]);
    for (let step = 0; step < 3; step++)
      await training.step(
        ids,
        ids.map(([i]) => i & 1),
      );
    training.table.read(allRows(rows), after);
    expect(after).toEqual(before);
    expect(before.some((value) => value !== 0)).toBe(true);
  });

  it('keeps codes on the grid however far the values would go', async () => {
    const shape = { vocabularySizes: [16], fieldVocabularies: [0], hotRows: [HOT] };
    const config = resolveConfig(small, options, {
      model: { dropout: 0, batchNorm: false },
      method: { name, bits, rounding },
      optimizer: { learningRate: 3 },
    });
    const training = await LocalTraining.create(config, shape);
    const ids = Array.from({ length: 64 }, (_, i) => [i % 16]);
    for (let step = 0; step < 5; step++)
      await training.step(
        ids,
        ids.map(([i]) => (i + step) & 1),
      );
    const { rows } = training.table;
    const values = new Float32Array(rows * 5);
    const steps = new Float32Array(rows);
    const biases = new Float32Array(rows);
    training.table.read(allRows(rows), values);
    training.table.readSteps(allRows(rows), steps);
    training.table.readBiases(allRows(rows), biases);
    expect(values.every(Number.isFinite)).toBe(true);
    // Methods that keep fp32 rows are seen through a view, whose grid its own tests know.
    if (!isQuantized(training.memory.spec.storage.bits)) return;
    const isAffine = training.memory.spec.storage.range === 'affine';
    const codes = values.map((value, i) => {
      const row = Math.floor(i / 5);
      return (value - biases[row]) / steps[row];
    });
    expect(biases.some((bias) => bias !== 0)).toBe(isAffine);
    expect(codes.every((code) => Math.abs(code - Math.round(code)) < 0.01)).toBe(true);
    for (const [first, end, width] of [
      [0, HOT, hotBits ?? bits],
      [HOT, rows, bits],
    ]) {
      const lowest = isAffine ? 0 : -(2 ** (width - 1));
      const some = codes.subarray(5 * first, 5 * end);
      expect(Math.min(...some)).toBeGreaterThanOrEqual(lowest - 0.01);
      expect(Math.max(...some)).toBeLessThanOrEqual(lowest + 2 ** width - 1 + 0.01);
      // More bits are really used.
      if (width > bits) expect(Math.max(...some) - Math.min(...some)).toBeGreaterThan(2 ** bits);
    }
  });
});

/** Every rule with every state it has, and for a rule by value and one by row every correction. */
const rules = optimizerNames.flatMap((name) => {
  const { state } = (optimizers[name].options(z) as z.ZodObject).shape;
  const states = stateTypes.filter((type) => (state as z.ZodType).safeParse(type).success);
  const smallest = states[states.length - 1];
  return [
    ...states.map((state) => ({ name, state })),
    ...(name === 'adam' || name === 'rowwise-rms' ? corrections : [])
      .filter((correction) => correction !== 'global')
      .map((correction) => ({ name, state: smallest, correction })),
  ].map((optimizer) => ({ optimizer, title: Object.values(optimizer).join(', ') }));
});

it.each(rules)('trains, resumes and counts memory with the optimizer $title', async ({ optimizer }) => {
  const rate = optimizer.name === 'sgd' ? 2 : optimizer.name.endsWith('adagrad') ? 0.1 : 0.02;
  const losses = await expectSameResumed({
    method: { name: 'lpt', bits: 8 },
    optimizer: { ...optimizer, learningRate: rate },
    dense: { learningRate: 0.02 },
    model: { dropout: 0 },
  });
  expect(losses[1]).toBeLessThan(0.9 * losses[0]);
});
