// Every rule of rows with every state: bytes of a row at D = 16, the time of an update beside that of Adam in fp32, and
// the validation AUC on frappe with fp32 rows, one seed. Not tuned: one rate for all rules that divide by a moment.
//
//   node dist/experiments/optimizers.js DATA OUT [EPOCHS]      DATA: bitrow prepare frappe --input DIR --out DATA
import { z } from 'zod';
import { Table } from '../src/embedding/table.js';
import { FULL_BITS } from '../src/kernels/header.js';
import type { Optimizer, OptimizerSpec } from '../src/optimizers/optimizer.js';
import { type OptimizerName, optimizerNames, optimizers } from '../src/optimizers/registry.js';
import { stateTypes } from '../src/quantization/moments.js';
import { merge } from '../src/runs/resolve-config.js';
import { smallTable } from '../test/small-table.js';
import { readYaml, runCell } from './cells.js';

const ROWS = 40_000;
const D = 16;
const BLOCK = 1000;
const ROUNDS = 41;
const rates: Partial<Record<OptimizerName, number>> = { sgd: 1, adagrad: 0.02, 'rowwise-adagrad': 0.02 };

const [data, out, epochs = '8'] = process.argv.slice(2);
if (!data || !out) throw new Error('usage: optimizers DATA OUT [EPOCHS]');
const network = merge(readYaml('experiments/flights-reference.yaml'), {
  training: { epochs: Number(epochs), patience: 3 },
});

const cases = optimizerNames.flatMap((name) => {
  const spec = optimizers[name] as OptimizerSpec<unknown>;
  const settings = [
    ...stateTypes.map((state) => ({ state })),
    ...(name === 'adam' || name === 'rowwise-rms' ? ['row', 'first', 'none'] : []).map((correction) => ({
      correction,
    })),
  ];
  return settings.flatMap((options) => {
    const parsed = spec.options(z).safeParse(options);
    const label = [name, ...Object.values(options)].join(' ');
    return parsed.success ? [{ name, label, options, optimizer: spec.create(parsed.data) }] : [];
  });
});

/** A function that updates ROWS rows once, BLOCK at a time; gives the nanoseconds per row of each block. */
function updates(optimizer: Optimizer): () => number[] {
  const storage = { bits: FULL_BITS, tableStep: 1, hasRowStep: false } as const;
  const memory = smallTable({ dim: D, offsets: [0, ROWS], storage, optimizer });
  const table = new Table(memory, 0);
  const blocks = Array.from({ length: ROWS / BLOCK }, (_, b) =>
    Uint32Array.from({ length: BLOCK }, (_, i) => BLOCK * b + i),
  );
  const values = Float32Array.from({ length: BLOCK * D }, (_, i) => Math.sin(i));
  const gradient = values.map((x) => 1e-3 * Math.cos(100 * x));
  const change = new Float32Array(BLOCK * D);
  let trainingStep = 0;
  return () => {
    trainingStep++;
    const settings = { trainingStep, learningRate: 1e-3, weightDecay: 0 };
    return blocks.map((rows) => {
      const began = performance.now();
      table.valueChange(optimizer, settings, rows, values, gradient, change);
      return (1e6 * (performance.now() - began)) / BLOCK;
    });
  };
}

/** The lower quartile: what a machine that does something else too adds is in the upper ones. */
const usual = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 2];
const contestants = cases.map(({ optimizer }) => ({ run: updates(optimizer), ns: [] as number[] }));
// In turns, so that whatever else the machine does meets all of them.
for (let round = 0; round < ROUNDS; round++) for (const { run, ns } of contestants) ns.push(...run());
const base = usual(contestants[0].ns);

console.log('| optimizer | bytes of a row | ns per row | of adam fp32 |');
console.log('| --- | --- | --- | --- |');
for (const [i, { label, optimizer }] of cases.entries()) {
  const ns = usual(contestants[i].ns);
  console.log(`| ${label} | ${optimizer.stateBytes(D)} | ${ns.toFixed(0)} | ${(ns / base).toFixed(2)} |`);
}

console.log(`\n| optimizer | validation AUC, ${epochs} epochs (best epoch) |`);
console.log('| --- | --- |');
for (const { name, label, options } of cases) {
  const settings = {
    method: { name: 'full' },
    optimizer: { name, learningRate: rates[name] ?? 1e-3, ...options },
    dense: { learningRate: 1e-3 },
  };
  const cell = { name: label.replaceAll(' ', '-'), seed: 1, settings };
  const { result } = await runCell(cell, { data, out, base: network, split: null });
  console.log(`| ${label} | ${result.validation.auc?.toFixed(4)} (${result.bestEpoch}) |`);
}
