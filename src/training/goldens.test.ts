// Every method against an independent float64 program (scripts/goldens): the same codes, and steps, values,
// gradients and dense parameters within what fp32 may differ by.
import { describe, expect, it } from 'vitest';
import { allRows, LocalTraining } from '../../test/local-training.js';
import {
  type GoldenQuantity,
  type GoldenState,
  goldenTolerances,
  type TrainingGolden,
  trainingGoldens,
} from '../../test/training-golden.js';
import { isQuantized } from '../embedding/layout.js';
import type { Table } from '../embedding/table.js';
import { readRecords } from '../embedding/table-records.js';
import { packCodes, packedBytes, unpackCodes } from '../quantization/packing.js';
import { type PartialConfig, resolveConfig } from '../runs/resolve-config.js';

type GoldenStart = Omit<TrainingGolden, 'records'>;

const tolerances = goldenTolerances();

function configOf(golden: TrainingGolden) {
  const { rows, dense } = golden;
  return resolveConfig({
    model: { dim: golden.dim, crossLayers: 2, hidden: [6, 5] },
    method: { name: golden.method, bits: golden.bits ?? 8, rounding: golden.rounding ?? 'stochastic' },
    ...stepOptions(golden),
    optimizer: {
      name: rows.optimizer,
      learningRate: rows.learningRate,
      weightDecay: rows.weightDecay,
      epsilon: rows.epsilon,
    },
    dense: { learningRate: dense.learningRate, weightDecay: dense.weightDecay },
    training: { batchSize: 8, seed: golden.seed },
  });
}

/** The method's own options: how its step is fixed, or learned. */
function stepOptions(golden: GoldenStart): PartialConfig {
  const { method, granularity, clip, bits, steps, initial } = golden;
  const first = initial.steps?.[0];
  switch (method) {
    case 'full':
      return {};
    case 'lpt':
      return { lpt: { clip } };
    case 'alpt':
    case 'lsq':
      return {
        [method]: {
          stepLearningRate: steps?.learningRate,
          stepWeightDecay: steps?.weightDecay,
          stepEpsilon: steps?.epsilon,
          ...(method === 'lsq' && { granularity, firstStep: first }),
        },
      };
    case 'nested':
      return {
        nested: {
          storedBits: golden.storedBits,
          straightThrough: golden.straightThrough,
          stepDomain: 'log',
          stepLearningRate: steps?.learningRate,
          stepWeightDecay: steps?.weightDecay,
          stepEpsilon: steps?.epsilon,
        },
      };
    case 'pact':
      return {
        pact: {
          clipLearningRate: steps?.learningRate,
          clipDecay: steps?.weightDecay,
          clipEpsilon: steps?.epsilon,
          granularity,
          // The highest code's value.
          firstClip: (first ?? 0) * (2 ** ((bits ?? 8) - 1) - 1),
        },
      };
    default:
      return method satisfies never;
  }
}

async function start(golden: TrainingGolden): Promise<LocalTraining> {
  const shape = {
    vocabularySizes: golden.vocabularies,
    fieldVocabularies: golden.vocabularies.map((_, field) => field),
  };
  const training = await LocalTraining.create(configOf(golden), shape);
  const { values, codes, steps, dense } = golden.initial;
  const { bits } = training.memory.spec.storage;
  if (values) await training.setRecords('codes', bytesOf(Float32Array.from(values.flat())));
  if (codes && isQuantized(bits)) {
    const rowBytes = packedBytes(golden.dim, bits);
    const packed = new Uint8Array(rowBytes * codes.length);
    for (const [row, rowCodes] of codes.entries()) packCodes(rowCodes, bits, packed, row * rowBytes);
    await training.setRecords('codes', packed);
  }
  if (steps && training.memory.spec.storage.hasRowStep)
    await training.setRecords('steps', bytesOf(Float32Array.from(steps)));
  for (const [name, numbers] of Object.entries(dense)) training.dense.get(name)?.set(numbers);
  return training;
}

function bytesOf(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer);
}

/** Codes of all rows, as stored or as seen. */
function codesOf({ memory, table }: LocalTraining): number[][] {
  if (memory.spec.storage.view) return seenCodes(table);
  const { dim, layout, storage } = memory.spec;
  const [bytes] = [...readRecords(memory, Uint32Array.of(0, table.rows), 'codes')];
  return Array.from({ length: table.rows }, (_, row) => {
    const codes: number[] = new Array(dim).fill(0);
    if (isQuantized(storage.bits)) unpackCodes(bytes, row * layout.codeBytes, storage.bits, codes);
    return codes;
  });
}

/** What fp32 values are seen as, in steps: as good as whole. */
function seenCodes(table: Table): number[][] {
  const { dim } = table.spec;
  const values = new Float32Array(table.rows * dim);
  const steps = new Float32Array(table.rows);
  table.read(allRows(table.rows), values);
  table.readSteps(allRows(table.rows), steps);
  return Array.from(steps, (step, row) =>
    Array.from(values.subarray(row * dim, (row + 1) * dim), (value) => {
      const code = Math.round(value / step);
      expect(Math.fround(code * step)).toBe(value);
      return code + 0;
    }),
  );
}

function expectClose(
  quantity: GoldenQuantity,
  found: ArrayLike<number>,
  expected: readonly number[],
  where: string,
): void {
  const { absolute, relative } = tolerances[quantity];
  expect(found.length, where).toBe(expected.length);
  for (const [i, wanted] of expected.entries()) {
    const error = Math.abs(found[i] - wanted);
    // `!(≤)`: a NaN is an error too.
    if (!(error <= absolute + relative * Math.abs(wanted))) {
      throw new Error(`${where}: ${quantity}[${i}] is ${found[i]}, the golden ${wanted} (error ${error})`);
    }
  }
}

function expectState(training: LocalTraining, state: GoldenState, where: string): void {
  const { table } = training;
  const rows = allRows(table.rows);
  if (state.codes) expect(codesOf(training), `codes, ${where}`).toEqual(state.codes);
  if (state.steps) {
    const steps = new Float32Array(table.rows);
    table.readSteps(rows, steps);
    expectClose('steps', steps, state.steps, where);
  }
  if (state.values) {
    const values = new Float32Array(table.rows * table.spec.dim);
    table.readStored(rows, values);
    expectClose('values', values, state.values.flat(), where);
  }
  for (const [name, numbers] of Object.entries(state.dense)) {
    expectClose('dense', training.dense.get(name) ?? [], numbers, `${where}, ${name}`);
  }
}

// Steps learned by row-wise Adagrad: ALPT's steps are learned by Adam here.
const unsupported = (golden: TrainingGolden) => golden.steps?.optimizer === 'rowwise-adagrad';

describe.each(trainingGoldens().filter((golden) => !unsupported(golden)))('$name', (golden) => {
  it('gives the codes, steps and parameters of the independent program', async () => {
    const training = await start(golden);
    expectState(training, golden.initial, 'at the start');
    for (const [i, ids] of golden.ids.entries()) {
      const { loss, batch } = await training.step(ids, golden.labels[i]);
      const record = golden.records.find(({ step }) => step === i + 1);
      if (!record) continue;
      const where = `after step ${record.step}`;
      expectClose('loss', [loss], [record.loss], where);
      if (record.rows && record.dValues && record.change) {
        const floats = record.rows.length * golden.dim;
        expect([...batch.plan.rows]).toEqual(record.rows);
        const { exchange } = training;
        expectClose('change', exchange.floats('change', 0, floats), record.change.flat(), where);
        // What is left in the exchange is of the last pass.
        const last = record.dQuantized ? 'dQuantized' : 'dValues';
        expectClose(last, exchange.floats('gradient', 0, floats), (record[last] ?? []).flat(), where);
        // Rows that share a step: what each adds to its gradient, which is scaled as a whole.
        const quantity = golden.granularity === 'table' ? 'dStepUnscaled' : 'dStep';
        const dSteps = exchange.floats('dSteps', 0, record.rows.length);
        if (record[quantity]) expectClose(quantity, dSteps, record[quantity], where);
      }
      expectState(training, record, where);
    }
  });
});
