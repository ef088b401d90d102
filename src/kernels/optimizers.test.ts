// The row optimizers' kernels: equal to their reference in every bit, whatever the state is stored as, and both right
// where the answer is plain.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { momentBytes, type StateType, stateTypes } from '../quantization/moments.js';
import { Stream } from '../random/streams.js';
import { FULL_BITS, HEADER_BYTES, NO_ONES, NO_ROW_STEP, writeHeader } from './header.js';
import { type Kernels, workBytes } from './kernels.js';
import { wasmKernels } from './load.js';
import { referenceKernels } from './reference.js';
import { COUNT_BYTES, MOST_UPDATES, powerOf, startNumbers, stateNumbers } from './row-state.js';

const ROWS = 9;
const FIRST_ROW = 5;
const implementations = { wasm: wasmKernels, reference: referenceKernels };

interface Rule {
  dim: number;
  type: StateType;
  isByRow: boolean;
  hasFirst: boolean;
  start: keyof typeof startNumbers;
  beta2: number;
}

const rules: fc.Arbitrary<Rule> = fc.record({
  dim: fc.integer({ min: 1, max: 37 }),
  type: fc.constantFrom(...stateTypes),
  isByRow: fc.boolean(),
  hasFirst: fc.boolean(),
  start: fc.constantFrom('given', 'first', 'row'),
  beta2: fc.constantFrom(0.999, 0.9, 1),
});

/** A table without codes, whose records are one row's state each and lie at odd addresses. */
class Rows {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  readonly kernels: Kernels;
  readonly stateBytes: number;
  private end = HEADER_BYTES;
  private readonly offsets = this.take(16);
  private readonly rows = this.take(4 * ROWS);
  private readonly values: number;
  private readonly gradient: number;
  private readonly change: number;
  private readonly states: number;
  private trainingStep = 0;

  constructor(
    readonly rule: Rule,
    implementation: keyof typeof implementations,
    seed = 1,
  ) {
    const { dim, type, isByRow, hasFirst, start } = rule;
    const count = start === 'row' ? COUNT_BYTES : 0;
    this.stateBytes = (hasFirst ? momentBytes(type, dim) : 0) + momentBytes(type, isByRow ? 1 : dim) + count;
    [this.values, this.gradient, this.change] = [0, 0, 0].map(() => this.take(4 * dim * ROWS));
    this.states = this.take((this.stateBytes + 3) * ROWS + 1) + 1;
    const work = this.take(workBytes(dim));
    writeHeader(this.memory, {
      dim,
      bits: FULL_BITS,
      recordBytes: this.stateBytes + 3,
      stepOffset: NO_ROW_STEP,
      tableStep: 1,
      firstRow: FIRST_ROW,
      written: 0,
      records: this.states,
      offsets: this.offsets,
      vocabularies: 3,
      seedLow: seed,
      seedHigh: 7,
      tableNumber: 2,
      initialScale: 1,
      rowRange: 0,
      onesFrom: NO_ONES,
      stepBytes: 4,
      nestedShift: 0,
    });
    new Uint32Array(this.memory.buffer, this.offsets, 4).set([0, 7, 11, FIRST_ROW + ROWS]);
    new Uint32Array(this.memory.buffer, this.rows, ROWS).set(
      Array.from({ length: ROWS }, (_, i) => FIRST_ROW + i),
    );
    this.kernels = implementations[implementation](this.memory);
    this.kernels.bind(work, 0);
  }

  /** One update. @returns the changes (ROWS, D) */
  update(gradient: (i: number) => number, rate = 1e-2, epsilon = 1e-8, weightDecay = 0): Float32Array {
    const { dim, type, isByRow, hasFirst, start, beta2 } = this.rule;
    const { kernels, memory } = this;
    const length = dim * ROWS;
    new Float32Array(memory.buffer, this.gradient, length).set(Array.from({ length }, (_, i) => gradient(i)));
    new Float32Array(memory.buffer, this.values, length).set(Array.from({ length }, (_, i) => Math.sin(i)));
    this.trainingStep++;
    kernels.bindState(
      this.states,
      this.stateBytes + 3,
      FIRST_ROW,
      stateNumbers[type],
      hasFirst ? 1 : 0,
      this.trainingStep,
      Stream.firstMoment,
      Stream.secondMoment,
    );
    const adapt = isByRow ? kernels.adaptRows : kernels.adaptValues;
    adapt(
      this.rows,
      ROWS,
      dim,
      this.values,
      this.gradient,
      this.change,
      rate,
      0.9,
      beta2,
      epsilon,
      weightDecay,
      startNumbers[start],
      start === 'given' ? 0.3 : 1,
    );
    return new Float32Array(memory.buffer, this.change, length).slice();
  }

  /** Bytes of a row's state. */
  state(row = 0): DataView {
    return new DataView(this.memory.buffer, this.states + row * (this.stateBytes + 3), this.stateBytes);
  }

  /** All that is a result: arrays and states, and what lies between them. */
  get results(): Uint8Array {
    return new Uint8Array(this.memory.buffer).slice(this.offsets, this.states + ROWS * (this.stateBytes + 3));
  }

  private take(bytes: number): number {
    const at = Math.ceil(this.end / 16) * 16;
    this.end = at + bytes;
    return at;
  }
}

describe('the kernels of optimizers equal their reference in every bit', () => {
  it('for every rule and state, over some updates of gradients of all sizes', () => {
    fc.assert(
      fc.property(rules, fc.nat(), (rule, seed) => {
        const [fast, plain] = (['wasm', 'reference'] as const).map((name) => new Rows(rule, name, seed));
        for (let t = 0; t < 4; t++) {
          const gradient = (i: number) =>
            // Some rows have none, some values have none, some only later.
            i < 2 * rule.dim || (i + seed) % (5 - t) === 0
              ? 0
              : Math.sin(seed + 1.7 * i + t) * 10 ** (((i + seed) % 19) - 13);
          for (const rows of [fast, plain]) rows.update(gradient, 1e-2, 1e-8, seed % 2 ? 0 : 0.01);
          expect(Buffer.compare(fast.results, plain.results)).toBe(0);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('in plain descent', () => {
    for (const createKernels of Object.values(implementations)) {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      const floats = (at: number) => new Float32Array(memory.buffer, at, 6);
      floats(64).set([1, 2, 3, 4, 5, 6]);
      floats(128).set([0.1, -0.2, 0.3, 0, 1e10, -1e-10]);
      createKernels(memory).sgd(2, 3, 64, 128, 192, 0.3, 0.7);
      const { fround } = Math;
      expect([...floats(192)]).toEqual(
        [...floats(128)].map((g, j) => fround(-fround(0.3) * fround(g + fround(fround(0.7) * (j + 1))))),
      );
    }
  });
});

const rule: Rule = { dim: 6, type: 'fp32', isByRow: false, hasFirst: true, start: 'first', beta2: 0.999 };
const shapes = [
  { isByRow: false, hasFirst: true },
  { isByRow: false, hasFirst: false },
  { isByRow: true, hasFirst: true },
  { isByRow: true, hasFirst: false },
];

describe.each(['wasm', 'reference'] as const)('the %s', (implementation) => {
  it.each(shapes)('moves a fresh row by the rate, started by its first gradient: %o', (shape) => {
    for (const start of ['first', 'row'] as const) {
      const rows = new Rows({ ...rule, ...shape, start }, implementation);
      // Of equal gradients the root of the mean square is each of them.
      for (let t = 0; t < 3; t++) {
        const changes = rows.update((i) => (i % 2 ? 0.02 : -0.02), 0.1);
        for (const [i, change] of changes.entries()) expect(change).toBeCloseTo(i % 2 ? -0.1 : 0.1, 5);
      }
    }
  });

  it('counts updates, and not beyond 16 bits', () => {
    const rows = new Rows({ ...rule, start: 'row' }, implementation);
    rows.update(() => 1);
    rows.update(() => 1);
    expect(rows.state(3).getUint16(rows.stateBytes - 2, true)).toBe(2);
    rows.state(3).setUint16(rows.stateBytes - 2, MOST_UPDATES - 1, true);
    for (let i = 0; i < 3; i++) rows.update(() => 1);
    expect(rows.state(3).getUint16(rows.stateBytes - 2, true)).toBe(MOST_UPDATES);
  });

  it.each(['bf16', 'int8'] as const)('keeps moments in %s on their mean', (type) => {
    // 0.9 and 0.999 of what is there: most steps are a fraction of a unit, which must add up.
    const exact = new Rows({ ...rule, type: 'fp32' }, implementation);
    const moved = Array.from({ length: 40 }, (_, seed) => new Rows({ ...rule, type }, implementation, seed));
    const gradient = (i: number) => Math.cos(i) * 10 ** -(i % 3);
    let last = exact.update(gradient);
    for (const rows of moved) rows.update(gradient);
    for (let t = 0; t < 60; t++) {
      const shrunk = (i: number) => 0.3 * gradient(i);
      last = exact.update(shrunk);
      for (const rows of moved) rows.update(shrunk);
    }
    const all = moved.map((rows) => rows.update((i) => 0.3 * gradient(i)));
    last = exact.update((i) => 0.3 * gradient(i));
    for (let i = 0; i < last.length; i++) {
      // The largest of each row; smaller ones have fewer digits in a byte.
      if (i % 3 !== 0 || Math.abs(Math.cos(i)) < 0.3) continue;
      const mean = all.reduce((sum, changes) => sum + changes[i], 0) / all.length;
      // 360 numbers each, of a deviation of a few percent.
      expect(Math.abs(mean / last[i] - 1)).toBeLessThan(0.05);
    }
  });
});

it('raises to powers', () => {
  expect(powerOf(0.5, 10)).toBe(2 ** -10);
  expect(powerOf(0.3, 0)).toBe(1);
  for (const n of [1, 2, 3, 100, 5000]) expect(powerOf(0.999, n) / 0.999 ** n).toBeCloseTo(1, 10);
});
