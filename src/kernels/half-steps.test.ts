// Steps of two bytes through the kernels: every pattern of 16 bits, and every kind of fp32 number, against
// quantization/half.ts. Rows have width 1, so that the steps are most of what there is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHalf, HALF_HIGHEST, HALF_LEAST, roundStep, toHalf } from '../quantization/half.js';
import { roundHalfEven } from '../quantization/rounding.js';
import { Stream } from '../random/streams.js';
import { FULL_BITS, HEADER_BYTES, NO_ONES, writeHeader } from './header.js';
import { type Kernels, workBytes } from './kernels.js';
import { wasmKernels } from './load.js';
import { referenceKernels } from './reference.js';

const ROWS = 2 ** 16;
const RECORD = 6;
const [OFFSETS, WRITTEN, WORK, RECORDS, LIST] = [HEADER_BYTES, 1024, 16384, 65536, 524288];
const STEPS = LIST + 4 * ROWS;

/** A table of fp32 rows, all of them written, with steps of two bytes. */
function build(implementation: (memory: WebAssembly.Memory) => Kernels) {
  const memory = new WebAssembly.Memory({ initial: 20, maximum: 20, shared: true });
  writeHeader(memory, {
    dim: 1,
    bits: FULL_BITS,
    recordBytes: RECORD,
    stepOffset: 4,
    tableStep: 0.01,
    firstRow: 0,
    written: WRITTEN,
    records: RECORDS,
    offsets: OFFSETS,
    vocabularies: 1,
    seedLow: 3,
    seedHigh: 0,
    tableNumber: 0,
    initialScale: 0,
    rowRange: 0,
    onesFrom: NO_ONES,
    stepBytes: 2,
    nestedShift: 0,
  });
  new Uint32Array(memory.buffer, OFFSETS, 2).set([0, ROWS]);
  new Uint8Array(memory.buffer, WRITTEN, ROWS / 8).fill(0xff);
  new Uint32Array(memory.buffer, LIST, ROWS).set(Array.from({ length: ROWS }, (_, row) => row));
  expect(WORK + workBytes(1)).toBeLessThan(RECORDS);
  const kernels = implementation(memory);
  kernels.bind(WORK, 0);
  const view = new DataView(memory.buffer);
  return { kernels, view, steps: new Float32Array(memory.buffer, STEPS, ROWS) };
}

const stored = (view: DataView, row: number) => view.getUint16(RECORDS + row * RECORD + 4, true);

describe.each([
  ['wasm', wasmKernels],
  ['reference', referenceKernels],
] as const)('%s', (_, implementation) => {
  it('reads all 65,536 patterns exactly, and writes back each that is a step', () => {
    const { kernels, view, steps } = build(implementation);
    for (let row = 0; row < ROWS; row++) view.setUint16(RECORDS + row * RECORD + 4, row, true);
    kernels.readSteps(LIST, ROWS, STEPS);
    const wrong = (row: number) => !Object.is(steps[row], fromHalf(row));
    expect(Array.from(steps.keys()).filter(wrong)).toEqual([]);
    kernels.writeSteps(LIST, ROWS, STEPS);
    const isStep = (row: number) => row > 0 && row < 0x7c00;
    expect(Array.from(steps.keys()).filter((row) => isStep(row) && stored(view, row) !== row)).toEqual([]);
    // 0 and negative numbers, and infinity, to the ends.
    expect([0, 0x8000, 0xbc00, 0x7c00].map((row) => stored(view, row))).toEqual([1, 1, 1, 0x7bff]);
  });

  it('writes any number as the nearest step, and rounds it alike', () => {
    const { kernels, view, steps } = build(implementation);
    const patterns = fc.array(fc.integer({ min: 0, max: 0x7f7fffff }), { minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(patterns, (bits) => {
        // The exponents of halves, and everything else.
        const words = bits.map((word, i) => (i % 4 ? ((100 + (i % 48)) << 23) | (word & 0x7fffff) : word));
        const numbers = new Float32Array(Uint32Array.from(words).buffer);
        const nearest = numbers.map((number) => roundStep(number, roundHalfEven));
        steps.set(numbers);
        kernels.writeSteps(LIST, 64, STEPS);
        expect(Array.from(nearest, (_, row) => stored(view, row))).toEqual(Array.from(nearest, toHalf));
        kernels.roundSteps(LIST, 64, STEPS, 1, Stream.stepRounding, 0);
        expect(steps.slice(0, 64)).toEqual(nearest);
      }),
    );
  });
});

it('rounds at random as the reference does, and only to neighbours', () => {
  const [fast, plain] = [build(wasmKernels), build(referenceKernels)];
  const numbers = Float32Array.from({ length: ROWS }, (_, i) => 2 ** (((i * 37) % 44) - 26) * (1 + i / ROWS));
  for (const trainingStep of [1, 7]) {
    for (const { kernels, steps } of [fast, plain]) {
      steps.set(numbers);
      kernels.roundSteps(LIST, ROWS, STEPS, trainingStep, Stream.stepRounding, 1);
    }
    expect(
      Buffer.compare(Buffer.from(fast.steps.slice().buffer), Buffer.from(plain.steps.slice().buffer)),
    ).toBe(0);
    const [below, above] = [Math.floor, Math.ceil].map((round) => numbers.map((n) => roundStep(n, round)));
    const ups = fast.steps.filter((step, i) => above[i] > below[i] && step === above[i]).length;
    expect(fast.steps.every((step, i) => step === below[i] || step === above[i])).toBe(true);
    // Numbers spread evenly between halves: up in about every other one.
    expect(Math.abs(ups / ROWS - 0.5)).toBeLessThan(0.06);
    expect(Math.min(...fast.steps.subarray(0, 1000))).toBeGreaterThanOrEqual(HALF_LEAST);
    expect(Math.max(...fast.steps.subarray(0, 1000))).toBeLessThanOrEqual(HALF_HIGHEST);
  }
});
