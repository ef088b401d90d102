// Each rule against its formula in float64, on rows that are in some batches and not in others; and its bytes.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allRows } from '../../test/local-training.js';
import { smallTable } from '../../test/small-table.js';
import { FULL_BITS } from '../kernels/header.js';
import type { Correction } from '../optimizers/correction.js';
import type { Optimizer, OptimizerSpec } from '../optimizers/optimizer.js';
import { type OptimizerName, optimizerNames, optimizers } from '../optimizers/registry.js';
import { rowLayout } from './layout.js';
import { MAX_SHARD_BYTES } from './shard.js';
import { Table } from './table.js';
import { allocateTable } from './table-memory.js';

const D = 6;
const ROWS = 3;
const rate = 0.01;
const decay = 0.1;

function create(name: OptimizerName, options: object = {}): Optimizer {
  const spec = optimizers[name] as OptimizerSpec<unknown>;
  return spec.create(spec.options(z).parse(options));
}

/** Rows of each batch: one in all of them, one late, one now and then. */
const batches = [[0], [0, 2], [0], [0], [0, 1, 2], [0, 1], [0, 1, 2]];
const gradientAt = (t: number, row: number, j: number) => Math.sin(3 * t + 5 * row + j) * 10 ** -(j % 3);
const valueAt = (row: number, j: number) => Math.cos(row + j);

/** Changes of all batches, one after another. */
function changesOf(optimizer: Optimizer): number[] {
  const storage = { bits: FULL_BITS, tableStep: 1, hasRowStep: false } as const;
  const memory = smallTable({ dim: D, offsets: [0, ROWS], storage, optimizer });
  const table = new Table(memory, 0);
  return batches.flatMap((rows, i) => {
    const of = (number: (row: number, j: number) => number) =>
      Float32Array.from(rows.flatMap((row) => Array.from({ length: D }, (_, j) => number(row, j))));
    const change = new Float32Array(rows.length * D);
    table.valueChange(
      optimizer,
      { trainingStep: i + 1, learningRate: rate, weightDecay: decay },
      Uint32Array.from(rows),
      of(valueAt),
      of((row, j) => gradientAt(i + 1, row, j)),
      change,
    );
    return [...change];
  });
}

/** One row's state, in float64. */
interface State {
  m: number[];
  v: number[];
  n: number;
}
type Formula = (g: number[], state: State, t: number) => number[];

const mean = (numbers: number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
/** Second moments by value or by row, as the average with β2 or as a sum. */
const squares = (g: number[], isByRow: boolean) =>
  isByRow ? g.map(() => mean(g.map((x) => x * x))) : g.map((x) => x * x);

function decaying(correction: Correction, isByRow: boolean, beta1: number): Formula {
  const beta2 = 0.999;
  return (g, state, t) => {
    state.n++;
    const q = squares(g, isByRow);
    const fresh = state.v.map((v) => correction === 'first' && v === 0);
    state.m = state.m.map((m, j) => (fresh[j] ? g[j] : beta1 * m + (1 - beta1) * g[j]));
    state.v = state.v.map((v, j) => (fresh[j] ? q[j] : beta2 * v + (1 - beta2) * q[j]));
    const steps = {
      global: t,
      row: state.n,
      first: Number.POSITIVE_INFINITY,
      none: Number.POSITIVE_INFINITY,
    };
    const [c1, c2] = [beta1, beta2].map((beta) => 1 - beta ** steps[correction]);
    return state.m.map((m, j) => (-rate * (m / c1)) / (Math.sqrt(state.v[j] / c2) + 1e-8));
  };
}

function summing(isByRow: boolean): Formula {
  return (g, state) => {
    const q = squares(g, isByRow);
    state.v = state.v.map((v, j) => v + q[j]);
    return g.map((x, j) => (-rate * x) / (Math.sqrt(state.v[j]) + 1e-10));
  };
}

/** The changes that a formula gives. */
function expected(formula: Formula): number[] {
  const states = Array.from({ length: ROWS }, (): State => {
    return { m: new Array(D).fill(0), v: new Array(D).fill(0), n: 0 };
  });
  return batches.flatMap((rows, i) =>
    rows.flatMap((row) => {
      const g = Array.from({ length: D }, (_, j) => gradientAt(i + 1, row, j) + decay * valueAt(row, j));
      return formula(g, states[row], i + 1);
    }),
  );
}

function expectClose(found: number[], wanted: number[]): void {
  expect(found.length).toBe(wanted.length);
  // fp32 beside float64, a few operations in each of seven steps.
  for (const [i, change] of wanted.entries()) {
    expect(Math.abs(found[i] - change), `change ${i}: ${found[i]}, not ${change}`).toBeLessThan(
      1e-4 * Math.abs(change) + 1e-9,
    );
  }
}

const averages = [
  { name: 'adam', isByRow: false, beta1: 0.9 },
  { name: 'rowwise-adam', isByRow: true, beta1: 0.9 },
  { name: 'rms', isByRow: false, beta1: 0 },
  { name: 'rowwise-rms', isByRow: true, beta1: 0 },
] as const;

describe.each(averages)('$name', ({ name, isByRow, beta1 }) => {
  it.each(['global', 'row', 'first', 'none'] as const)('is its formula, corrected: %s', (correction) => {
    expectClose(changesOf(create(name, { correction })), expected(decaying(correction, isByRow, beta1)));
  });

  it('moves as ever by default', () => {
    expect(changesOf(create(name))).toEqual(changesOf(create(name, { correction: 'global', state: 'fp32' })));
  });
});

it('adagrad and its row-wise form are their formulas', () => {
  expectClose(changesOf(create('adagrad')), expected(summing(false)));
  expectClose(changesOf(create('rowwise-adagrad')), expected(summing(true)));
});

it('sgd is its formula', () => {
  expectClose(
    changesOf(create('sgd')),
    expected((g) => g.map((x) => -rate * x)),
  );
});

it('all are near their fp32 selves with a smaller state, at first', () => {
  for (const name of optimizerNames) {
    const exact = changesOf(create(name));
    for (const state of ['bf16', 'int8'] as const) {
      if (!optimizers[name].options(z).safeParse({ state }).success) continue;
      const rounded = changesOf(create(name, { state }));
      expect(rounded, `${name} ${state}`).not.toEqual(exact);
      const error = mean(rounded.map((change, i) => Math.abs(change - exact[i])));
      expect(error, `${name} ${state}`).toBeLessThan(0.05 * mean(exact.map(Math.abs)));
    }
  }
});

it('says its bytes', () => {
  const bytes = (name: OptimizerName, options: object = {}, dim = 16) =>
    create(name, options).stateBytes(dim);
  expect(bytes('adam')).toBe(128);
  expect(bytes('adam', { state: 'bf16' })).toBe(64);
  // A scale for each kind of moment.
  expect(bytes('adam', { state: 'int8' })).toBe(34);
  expect(bytes('adam', { state: 'int8', correction: 'row' })).toBe(36);
  expect(bytes('rowwise-adam')).toBe(68);
  expect(bytes('rowwise-adam', { state: 'bf16' })).toBe(34);
  // Its second moment, alone in the row, in bf16.
  expect(bytes('rowwise-adam', { state: 'int8' })).toBe(19);
  expect(bytes('rms', { state: 'int8' })).toBe(17);
  expect(bytes('rowwise-rms')).toBe(4);
  expect(bytes('rowwise-rms', { state: 'bf16' })).toBe(2);
  expect(bytes('rowwise-rms', { state: 'bf16', correction: 'row' })).toBe(4);
  expect(bytes('adagrad')).toBe(64);
  expect(bytes('rowwise-adagrad')).toBe(4);
  expect(bytes('sgd')).toBe(0);
  // A row of one value, as a step is: a byte with a scale would be no smaller.
  expect(bytes('adam', { state: 'int8' }, 1)).toBe(4);
  expect(bytes('rms', { state: 'bf16' }, 1)).toBe(2);
});

it('draws other numbers for a step than for values, and for each moment', () => {
  const storage = { bits: 8, tableStep: 0.01, hasRowStep: true } as const;
  const optimizer = create('adam', { state: 'bf16' });
  const layout = rowLayout(1, storage, optimizer, optimizer);
  const memory = allocateTable({
    name: 'embedding',
    number: 0,
    dim: 1,
    offsets: [0, 500],
    storage,
    layout,
    seed: 1,
    deviation: 0.003,
    threads: 1,
    shardBytes: MAX_SHARD_BYTES,
  });
  const table = new Table(memory, 0);
  const settings = { trainingStep: 1, learningRate: rate, weightDecay: 0 };
  const [rows, zeros, change] = [allRows(500), new Float32Array(500), new Float32Array(500)];
  // (1 − β)·g lies halfway between two numbers of bf16 for either moment, as nearly as fp32 can say.
  const gradient = new Float32Array(500).fill(Math.sqrt(1.00390625 / 0.001));
  table.valueChange(optimizer, settings, rows, zeros, gradient, change);
  table.stepChange(optimizer, settings, rows, zeros, gradient, change);
  const view = new DataView(memory.memories[0].buffer);
  const halves = (offset: number) =>
    [...rows].map((row) =>
      view.getUint16(memory.plans[0].sections[0].records + row * layout.recordBytes + offset, true),
    );
  const kinds = [
    halves(layout.stateOffset),
    halves(layout.stateOffset + 2),
    halves(layout.stepStateOffset),
    halves(layout.stepStateOffset + 2),
  ];
  for (const [i, kind] of kinds.entries()) {
    expect(new Set(kind).size).toBe(2);
    for (const other of kinds.slice(0, i)) {
      const [a, b] = [kind, other].map((all) => all.map((x) => x - Math.min(...all)));
      const agreeing = mean(a.map((x, row) => (x === b[row] ? 1 : 0)));
      // Half of 500, give or take four deviations.
      expect(Math.abs(agreeing - expectedAgreement(a, b))).toBeLessThan(0.09);
    }
  }
});

/** Of independent draws. */
function expectedAgreement(a: number[], b: number[]): number {
  const [p, q] = [mean(a), mean(b)];
  return p * q + (1 - p) * (1 - q);
}
