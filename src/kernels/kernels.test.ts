// Every kernel against its specification: the same random memory through both, then every byte compared.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeBits, grid, type StoredBits, storedBits } from '../quantization/grid.js';
import { packedBytes } from '../quantization/packing.js';
import { type RowRange, rowRanges } from '../quantization/row-grid.js';
import { philox } from '../random/philox.js';
import { Stream, streamWord } from '../random/streams.js';
import { deviateScale, uniform } from '../random/uniform.js';
import { FULL_BITS, HEADER_BYTES, NO_ONES, NO_ROW_STEP, rangeNumbers, writeHeader } from './header.js';
import { type Kernels, workBytes } from './kernels.js';
import { wasmKernels } from './load.js';
import { referenceKernels } from './reference.js';
import { startNumbers, stateNumbers } from './row-state.js';

const ROWS = 40;
const FIRST_ROW = 5;
const CHUNK = 12;

interface Case {
  dim: number;
  bits: number;
  hasRowStep: boolean;
  range: RowRange | null;
  stepBytes: 4 | 2;
  /** k, at most one less than the bits. */
  shift: number;
  seed: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  dim: fc.integer({ min: 1, max: 21 }),
  bits: fc.constantFrom(...storedBits, FULL_BITS),
  hasRowStep: fc.boolean(),
  range: fc.constantFrom(null, ...rowRanges),
  stepBytes: fc.constantFrom(4, 2),
  shift: fc.integer({ min: 0, max: 11 }),
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
});

/** A small table of each kind with scratch areas, its addresses, and numbers drawn from the case's seed. */
function build({ dim, bits, hasRowStep, range: anyRange, stepBytes, shift: anyShift, seed }: Case) {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  let end = HEADER_BYTES;
  const take = (bytes: number) => {
    const at = Math.ceil(end / 16) * 16;
    end = at + bytes;
    return at;
  };
  const codeBytes = bits === FULL_BITS ? 4 * dim : packedBytes(dim, bits as StoredBits);
  const range = bits === FULL_BITS ? null : anyRange;
  const shift = bits === FULL_BITS || range !== null ? 0 : Math.min(anyShift, bits - 1);
  const hasOwnStep = hasRowStep || range !== null;
  const stateOffset = codeBytes + (hasOwnStep ? stepBytes : 0) + (range === 'affine' ? stepBytes : 0);
  const recordBytes = stateOffset + 8 * dim;
  const at = {
    // Not the first section of its memory.
    header: take(HEADER_BYTES),
    work: take(workBytes(dim)),
    offsets: take(16),
    written: take(8),
    // Odd on purpose: records are packed bytes.
    records: take(recordBytes * ROWS + 1) + 1,
    rows: take(4 * CHUNK),
    values: take(4 * dim * CHUNK),
    served: take(4 * dim * CHUNK),
    firstServed: take(4 * dim * CHUNK),
    gradient: take(4 * dim * CHUNK),
    change: take(4 * dim * CHUNK),
    otherChange: take(4 * dim * CHUNK),
    steps: take(4 * CHUNK),
    biases: take(4 * CHUNK),
    firstSteps: take(4 * CHUNK),
    dSteps: take(4 * CHUNK),
    counts: take(16),
    bins: take(4 * 2048),
  };
  const step = Math.fround(bits === FULL_BITS ? 1 : 0.02 / Math.sqrt(grid(bits as 2).highest));
  const header = {
    dim,
    bits,
    recordBytes,
    stepOffset: hasOwnStep ? codeBytes : NO_ROW_STEP,
    // `step` is that of the stored codes.
    tableStep: step * 2 ** shift,
    firstRow: FIRST_ROW,
    written: at.written,
    records: at.records,
    offsets: at.offsets,
    vocabularies: 3,
    seedLow: seed,
    seedHigh: 7,
    tableNumber: 2,
    // Wide enough to pass the limits of the narrow grids.
    initialScale: deviateScale(0.03),
    rowRange: range === null ? 0 : rangeNumbers[range],
    // Among the rows, before all of them, or behind.
    onesFrom: [FIRST_ROW + 20, 0, NO_ONES][seed % 3],
    stepBytes,
    nestedShift: shift,
  };
  writeHeader(memory, header, at.header);
  let random = seed | 1;
  /** Uniform in (−1, 1), from a small generator of its own. */
  const draw = () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return random / 2 ** 31;
  };
  new Uint32Array(memory.buffer, at.offsets, 4).set([0, 9, 30, FIRST_ROW + ROWS]);
  const chosen = Array.from({ length: ROWS }, (_, i) => FIRST_ROW + i)
    .sort(() => draw())
    .slice(0, CHUNK)
    .sort((a, b) => a - b);
  new Uint32Array(memory.buffer, at.rows, CHUNK).set(chosen);
  // Moves from far below to far above one step, some exactly zero and some exactly whole.
  const moves = Array.from({ length: dim * CHUNK }, (_, i) =>
    // Every third row does not change at all.
    i % (3 * dim) < dim || draw() > 0.7
      ? 0
      : draw() > 0.6
        ? (Math.round(draw() * 6) / 2) * step
        : draw() * step * 10 ** (draw() * 3),
  );
  new Float32Array(memory.buffer, at.change, moves.length).set(moves);
  new Float32Array(memory.buffer, at.gradient, moves.length).set(
    moves.map(() => draw() * 10 ** (draw() * 6)),
  );
  // Moments and sums of steps gone by: from fresh ones, factors of old state would not show.
  const view = new DataView(memory.buffer);
  for (let row = 0; row < ROWS; row++) {
    for (let j = 0; j < 2 * dim; j++) {
      view.setFloat32(at.records + row * recordBytes + stateOffset + 4 * j, draw() ** 2, true);
    }
  }
  new Float32Array(memory.buffer, at.steps, CHUNK).set(
    chosen.map(() => step * 2 ** shift * (1 + draw() * 0.5)),
  );
  return { memory, at, hasOwnStep, range, shift, recordBytes, stateOffset, dim, bits };
}

type Built = ReturnType<typeof build>;

/** A whole training step's kernels, with Adam or Adagrad, in both roundings. */
function exercise(
  kernels: Kernels,
  { memory, at, hasOwnStep, range, shift, recordBytes, stateOffset, dim, bits }: Built,
): void {
  const states = at.records + stateOffset;
  kernels.bind(at.work, at.header);
  kernels.fetchRows(at.rows, CHUNK);
  kernels.readSteps(at.rows, CHUNK, at.firstSteps);
  kernels.readBiases(at.rows, CHUNK, at.biases);
  kernels.readRows(at.rows, CHUNK, at.values);
  if (bits !== FULL_BITS && range === null) kernels.readServed(at.rows, CHUNK, at.firstServed);
  kernels.touchRows(at.rows, CHUNK - 3);
  if (bits === FULL_BITS) {
    kernels.touchRows(at.rows, CHUNK);
    kernels.writeValues(at.rows, CHUNK, at.change);
    if (hasOwnStep) kernels.writeSteps(at.rows, CHUNK, at.steps);
    // Magnitudes of values that are there, so that some lie at each limit: in whole vectors, and beyond them.
    kernels.readRows(at.rows, CHUNK, at.values);
    const magnitudes = new Uint32Array(memory.buffer, at.values, CHUNK * dim).map(
      (bits) => bits & 0x7fffffff,
    );
    const magnitude = magnitudes[5 * dim];
    for (const shift of [22, 11, 0]) {
      kernels.countMagnitudes(FIRST_ROW, ROWS, shift, (magnitude >>> shift) >>> 11, at.bins);
    }
    const [low, , high] = [magnitude, magnitudes[0], magnitudes[7 * dim + dim - 1]].sort((a, b) => a - b);
    kernels.zeroMagnitudes(FIRST_ROW, ROWS - 2, low);
    kernels.zeroMagnitudes(FIRST_ROW, ROWS, high);
    kernels.zeroMagnitudes(FIRST_ROW, 20, magnitude + 1);
    kernels.countMagnitudes(FIRST_ROW, ROWS, 22, 0, at.bins);
  } else {
    for (const [trainingStep, isStochastic] of [
      [1, 1],
      [2, 0],
      [3, 1],
    ]) {
      kernels.touchRows(at.rows, CHUNK);
      const steps = hasOwnStep ? at.steps : 0;
      if (range !== 'affine' && shift === 0) kernels.forwardRows(at.rows, CHUNK, at.change, at.values);
      // First to any grid: a row that does not change stays there, though its range is another.
      if (range && trainingStep > 1) kernels.fitRows(at.rows, CHUNK, at.change, at.steps, at.biases);
      // Only some of them: codes are formed with steps as they are stored, whatever is handed over.
      kernels.roundSteps(at.rows, CHUNK - 4, at.steps, trainingStep, Stream.stepRounding, isStochastic);
      kernels.countErased(at.rows, CHUNK, at.change, steps, at.biases, at.counts + 8);
      kernels.writeCodes(
        at.rows,
        CHUNK,
        at.change,
        steps,
        at.biases,
        trainingStep,
        Stream.rounding,
        isStochastic,
      );
      if (range === null) {
        kernels.nestedGradient(at.rows, CHUNK, at.gradient, 0.3, isStochastic ^ 1, at.dSteps);
        kernels.readServed(at.rows, CHUNK, at.served);
      }
      if (range !== 'affine' && shift === 0)
        kernels.stepGradient(at.rows, CHUNK, at.change, at.gradient, 0.3, at.dSteps);
    }
    kernels.countCodes(FIRST_ROW, ROWS, at.counts);
  }
  kernels.bindState(states, recordBytes, FIRST_ROW, stateNumbers.fp32, 1, 4, 0, 0);
  const arrays = [at.rows, CHUNK, dim, at.values, at.gradient] as const;
  const given = startNumbers.given;
  kernels.adaptValues(...arrays, at.change, 1e-3, 0.9, 0.999, 1e-8, 0.01, given, 0.1);
  kernels.bindState(states, recordBytes, FIRST_ROW, stateNumbers.fp32, 0, 4, 0, 0);
  kernels.adaptRows(...arrays, at.otherChange, 1e-2, 0, 1, 1e-10, 0.01, given, 1);
  kernels.readRows(at.rows, CHUNK, at.values);
  kernels.readSteps(at.rows, CHUNK, at.steps);
  kernels.readBiases(at.rows, CHUNK, at.biases);
}

/** The areas whose bytes are results (the work area is each implementation's own). */
function results({ memory, at }: Built): Uint8Array {
  return new Uint8Array(memory.buffer).slice(at.offsets);
}

describe('the kernels equal their reference in every bit', () => {
  it('on rows of every width, with a step per row or per table, whatever D', () => {
    fc.assert(
      fc.property(cases, (chosen) => {
        const [fast, plain] = [build(chosen), build(chosen)];
        exercise(wasmKernels(fast.memory), fast);
        exercise(referenceKernels(plain.memory), plain);
        expect(Buffer.compare(results(fast), results(plain))).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('on fp32 values that are seen on a grid, at its ends and beyond, and on ties', () => {
    const shape = fc.record({
      dim: fc.integer({ min: 1, max: 21 }),
      bits: fc.constantFrom(...codeBits),
      isSymmetric: fc.boolean(),
      slope: fc.constantFrom([-1, 1, 0], [-8, 7, 1]),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ dim, bits, isSymmetric, slope: [atLowest, atHighest, inside], seed }) => {
        const { lowest, highest } = grid(bits);
        const low = isSymmetric ? -highest : lowest;
        const outputs = [wasmKernels, referenceKernels].map((implementation) => {
          const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
          const kernels = implementation(memory);
          const rows = 5;
          const [values, gradient, steps, dSteps] = [1024, 2048, 4096, 4160];
          const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
          const random = (i: number) => Math.sin(seed + i * 1.7);
          floats(steps, rows).set(Array.from({ length: rows }, (_, i) => 0.01 * (1.2 + random(i))));
          for (let i = 0; i < rows * dim; i++) {
            const step = floats(steps, rows)[Math.floor(i / dim)];
            // Halves of steps from beyond one end to beyond the other, and what lies between them.
            const halves = Math.round(random(i) * 2.4 * highest + 0.3) / 2;
            floats(values, rows * dim)[i] = i % 3 === 0 ? random(i) * step * highest * 1.2 : halves * step;
            floats(gradient, rows * dim)[i] = random(i + 99) * 10 ** (i % 5);
          }
          kernels.gridGradient(
            values,
            steps,
            rows,
            dim,
            low,
            highest,
            atLowest,
            atHighest,
            inside,
            0.3,
            gradient,
            dSteps,
          );
          kernels.roundToGrid(values, steps, rows, dim, low, highest);
          return new Uint8Array(memory.buffer).slice(1024);
        });
        expect(Buffer.compare(outputs[0], outputs[1])).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('in between rows and network', () => {
    const shape = fc.record({
      dim: fc.integer({ min: 1, max: 9 }),
      parts: fc.integer({ min: 1, max: 9 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ dim, parts, seed }) => {
        const outputs = [wasmKernels, referenceKernels].map((implementation) => {
          const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
          const kernels = implementation(memory);
          const unique = 7;
          const [sums, lists, out, work, wide, positions, starts, occurrences, divisors, mask] = [
            1024, 8192, 10240, 12288, 14336, 16384, 17408, 18432, 19456, 20480,
          ];
          const floats = new Float32Array(memory.buffer, sums, unique * parts * dim);
          for (let i = 0; i < floats.length; i++) floats[i] = Math.sin(seed + i * 1.7) * 10 ** (i % 5);
          // Each row is in the micro-batches that bits of the seed choose, and in one in any case.
          const sumStarts = [0];
          const places: [part: number, index: number][] = [];
          for (let row = 0; row < unique; row++) {
            for (let part = 0; part < parts; part++) {
              if (part === row % parts || (seed >> ((row * 5 + part) % 17)) & 1) places.push([part, row]);
            }
            sumStarts.push(places.length);
          }
          const listAt = [lists, lists + 64, lists + 512];
          new Uint32Array(memory.buffer, listAt[0]).set(sumStarts);
          new Uint32Array(memory.buffer, listAt[1]).set(places.map(([part]) => part));
          new Uint32Array(memory.buffer, listAt[2]).set(places.map(([, index]) => index));
          new Uint32Array(memory.buffer, positions, 10).set([3, 3, 0, 1, 2, 3, 0, 0, 6, 5]);
          new Uint32Array(memory.buffer, starts, 5).set([0, 3, 4, 8, 10]);
          new Uint32Array(memory.buffer, occurrences, 10).set([0, 4, 9, 1, 2, 3, 5, 6, 7, 8]);
          kernels.expandRows(sums, positions, 10, dim, wide);
          kernels.segmentSum(wide, starts, occurrences, 4, dim, out);
          const segments = new Uint8Array(memory.buffer).slice(out, out + 4 * dim * 4);
          // Bags of three, one, four and two rows; the second half of the kernel's work in place.
          new Float32Array(memory.buffer, divisors, 4).set([3, 1, 1, 2]);
          kernels.poolRows(sums, positions, starts, divisors, 4, dim, out);
          kernels.divideRows(wide, divisors, 4, dim);
          const pooled = new Uint8Array(memory.buffer).slice(out, out + 4 * dim * 4);
          const divided = new Uint8Array(memory.buffer).slice(wide, wide + 10 * dim * 4);
          kernels.combineRows(listAt[0], listAt[1], listAt[2], unique, parts, sums, unique, dim, out, work);
          kernels.dropoutMask(mask, work, 3, dim, 5, seed, 1, 4, 2, Stream.dropout, 0.8, 1.25);
          const all = new Uint8Array(memory.buffer);
          return Buffer.concat([
            segments,
            pooled,
            divided,
            all.slice(sums, lists),
            all.slice(out, work),
            all.slice(mask),
          ]);
        });
        expect(Buffer.compare(outputs[0], outputs[1])).toBe(0);
      }),
    );
  });

  it('in pairs of rows', () => {
    const shape = fc.record({
      dim: fc.integer({ min: 1, max: 21 }),
      // Each value is the first of a pair or the second of one; the last pairs share their values with others.
      count: fc.integer({ min: 1, max: 12 }),
      first: fc.integer({ min: 0, max: 5 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ dim, count, first, seed }) => {
        const outputs = [wasmKernels, referenceKernels].map((implementation) => {
          const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
          const kernels = implementation(memory);
          const stored = first + count + 3;
          const [values, upstream, pairs, starts, members, products, sums, out] = [
            1024, 4096, 8192, 9216, 10240, 12288, 16384, 20480,
          ];
          const U = 30;
          const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
          floats(values, stored * dim).forEach((_, i, all) => {
            all[i] = Math.sin(seed + i * 1.7) * 10 ** (i % 5);
          });
          floats(upstream, U * dim).forEach((_, i, all) => {
            all[i] = Math.cos(seed + i * 2.3) * 10 ** (i % 4);
          });
          const chosen = Array.from({ length: U }, (_, m) => {
            const a = m % stored;
            return [a, (a + 1 + ((seed + 7 * m) % (stored - 1))) % stored];
          });
          const of = Array.from({ length: stored }, (_, value) =>
            chosen.flatMap((pair, m) => (pair.includes(value) ? [m] : [])),
          );
          const start = [0];
          for (const list of of) start.push(start[start.length - 1] + list.length);
          new Uint32Array(memory.buffer, pairs).set(chosen.flat());
          new Uint32Array(memory.buffer, starts).set(start);
          new Uint32Array(memory.buffer, members).set(of.flat());
          kernels.multiplyPairs(values, pairs, U, dim, products);
          kernels.addPairs(values, pairs, U, dim, sums);
          kernels.pairGradients(upstream, values, pairs, starts, members, first, count, dim, out);
          return Buffer.from(new Uint8Array(memory.buffer).slice(products));
        });
        expect(Buffer.compare(outputs[0], outputs[1])).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('in pairs as the words say: a ⊙ b, a + b, and of each the other in the order of its pairs', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    new Float32Array(memory.buffer, 64, 3).set([3, 16_777_216, 1]);
    // 3·2^24, 3·1, 3·1: in fp32 the order of the sum shows.
    new Uint32Array(memory.buffer, 128, 6).set([0, 1, 0, 2, 2, 0]);
    new Uint32Array(memory.buffer, 192, 4).set([0, 3, 4, 6]);
    new Uint32Array(memory.buffer, 256, 6).set([0, 1, 2, 0, 1, 2]);
    new Float32Array(memory.buffer, 320, 3).set([1, 1, -2]);
    for (const kernels of [wasmKernels(memory), referenceKernels(memory)]) {
      kernels.multiplyPairs(64, 128, 3, 1, 512);
      kernels.addPairs(64, 128, 3, 1, 576);
      kernels.pairGradients(320, 64, 128, 192, 256, 0, 3, 1, 640);
      expect([...new Float32Array(memory.buffer, 512, 3)]).toEqual([3 * 2 ** 24, 3, 3]);
      expect([...new Float32Array(memory.buffer, 576, 3)]).toEqual([Math.fround(2 ** 24 + 3), 4, 4]);
      expect([...new Float32Array(memory.buffer, 640, 3)]).toEqual([2 ** 24 - 2, 3, -3]);
    }
  });

  it('in the last bit of a uniform: a unit is kept where it is below `keep`, not where it is `keep`', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const words = new Uint32Array(4);
    philox(words, 0, 11, 0, 1, 0, 0, streamWord(Stream.dropout, 0));
    const u = uniform(words[0]);
    const mask = new Float32Array(memory.buffer, 64, 1);
    for (const kernels of [wasmKernels(memory), referenceKernels(memory)]) {
      kernels.dropoutMask(64, 128, 1, 1, 0, 11, 0, 1, 0, Stream.dropout, u, 2);
      expect(mask[0]).toBe(0);
      kernels.dropoutMask(64, 128, 1, 1, 0, 11, 0, 1, 0, Stream.dropout, u + 2 ** -24, 2);
      expect(mask[0]).toBe(2);
    }
  });

  it('and pool as the words say: (a + b + a) / 3, and a sum as it is', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    new Float32Array(memory.buffer, 64, 4).set([1, 0.1, 16_777_216, 0.2]);
    new Uint32Array(memory.buffer, 128, 5).set([0, 1, 0, 1, 0]);
    new Uint32Array(memory.buffer, 192, 3).set([0, 3, 5]);
    new Float32Array(memory.buffer, 256, 2).set([3, 1]);
    for (const kernels of [wasmKernels(memory), referenceKernels(memory)]) {
      kernels.poolRows(64, 128, 192, 256, 2, 2, 512);
      // In fp32 1 + 2^24 is 2^24: the order of the sum shows.
      const third = Math.fround(Math.fround(Math.fround(0.1) + Math.fround(0.2)) + Math.fround(0.1)) / 3;
      expect([...new Float32Array(memory.buffer, 512, 4)]).toEqual([
        Math.fround(16_777_216 / 3),
        Math.fround(third),
        16_777_216,
        Math.fround(Math.fround(0.2) + Math.fround(0.1)),
      ]);
    }
  });

  it('in finding what is not finite', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const values = new Float32Array(memory.buffer, 64, 9);
    for (const kernels of [wasmKernels(memory), referenceKernels(memory)]) {
      values.fill(3e38);
      expect(kernels.findNonFinite(64, 9)).toBe(-1);
      values[7] = Number.NEGATIVE_INFINITY;
      expect(kernels.findNonFinite(64, 9)).toBe(7);
      values[5] = Number.NaN;
      expect(kernels.findNonFinite(64, 9)).toBe(5);
    }
  });
});
