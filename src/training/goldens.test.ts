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
import { readRecords } from '../embedding/table-records.js';
import { packCodes, packedBytes, unpackCodes } from '../quantization/packing.js';
import { resolveConfig } from '../runs/resolve-config.js';

const tolerances = goldenTolerances();

function configOf(golden: TrainingGolden) {
  const { rows, dense, steps } = golden;
  return resolveConfig({
    model: { dim: golden.dim, crossLayers: 2, hidden: [6, 5] },
    method: { name: golden.method, bits: golden.bits ?? 8, rounding: golden.rounding ?? 'stochastic' },
    optimizer: {
      name: rows.optimizer,
      learningRate: rows.learningRate,
      weightDecay: rows.weightDecay,
      epsilon: rows.epsilon,
    },
    dense: { learningRate: dense.learningRate, weightDecay: dense.weightDecay },
    ...(golden.clip ? { lpt: { clip: golden.clip } } : {}),
    ...(steps
      ? {
          alpt: {
            stepLearningRate: steps.learningRate,
            stepWeightDecay: steps.weightDecay,
            stepEpsilon: steps.epsilon,
          },
        }
      : {}),
    training: { batchSize: 8, seed: golden.seed },
  });
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
  if (steps && golden.method === 'alpt')
    await training.setRecords('steps', bytesOf(Float32Array.from(steps)));
  for (const [name, numbers] of Object.entries(dense)) training.dense.get(name)?.set(numbers);
  return training;
}

function bytesOf(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer);
}

/** Codes of all rows, as stored. */
function codesOf({ memory, table }: LocalTraining): number[][] {
  const { dim, layout, storage } = memory.spec;
  const [bytes] = [...readRecords(memory, Uint32Array.of(0, table.rows), 'codes')];
  return Array.from({ length: table.rows }, (_, row) => {
    const codes: number[] = new Array(dim).fill(0);
    if (isQuantized(storage.bits)) unpackCodes(bytes, row * layout.codeBytes, storage.bits, codes);
    return codes;
  });
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
    table.read(rows, values);
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
        if (record.dStep)
          expectClose('dStep', exchange.floats('dSteps', 0, record.rows.length), record.dStep, where);
      }
      expectState(training, record, where);
    }
  });
});
