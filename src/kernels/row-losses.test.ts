// What quantizing took from rows, by the kernel and by its specification: every bit of three float64 numbers a row.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wasmKernels } from './load.js';
import { referenceKernels } from './reference.js';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
const rows = fc.tuple(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 5 })).chain(([dim, count]) =>
  fc.record({
    dim: fc.constant(dim),
    values: fc.array(finite, { minLength: dim * count, maxLength: dim * count }),
    codes: fc.array(fc.oneof(fc.constant(7), fc.nat({ max: 255 })), {
      minLength: dim * count,
      maxLength: dim * count,
    }),
    sides: fc.array(fc.tuple(finite, finite), { minLength: count, maxLength: count }),
  }),
);

it('is its specification in every bit', () => {
  fc.assert(
    fc.property(rows, ({ dim, values, codes, sides }) => {
      const [expected, actual] = [referenceKernels, wasmKernels].map((kernelsOf) => {
        const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
        new Float32Array(memory.buffer, 1024).set(values);
        new Uint8Array(memory.buffer, 8192).set(codes);
        new Float32Array(memory.buffer, 16384).set(sides.map(([scale]) => scale));
        new Float32Array(memory.buffer, 16640).set(sides.map(([, bias]) => bias));
        kernelsOf(memory).rowLosses(1024, 8192, 16384, 16640, sides.length, dim, 32768);
        return new Float64Array(memory.buffer, 32768, 3 * sides.length + 1);
      });
      expect(actual).toEqual(expected);
    }),
  );
});

it('says what was lost, by hand', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  // Stored as 1, 3, 1, 1, 5: lost 0, 1, 0, 0, 2. And a row of one code, stored as −1.
  new Float32Array(memory.buffer, 1024).set([1, 4, 1, 1, 7, 0, -1, -1, -1, -1]);
  new Uint8Array(memory.buffer, 8192).set([0, 1, 0, 0, 2, 3, 3, 3, 3, 3]);
  new Float32Array(memory.buffer, 16384).set([2, -1]);
  new Float32Array(memory.buffer, 16640).set([1, 2]);
  wasmKernels(memory).rowLosses(1024, 8192, 16384, 16640, 2, 5, 32768);
  expect([...new Float64Array(memory.buffer, 32768, 6)]).toEqual([5, 68, 0, 1, 4, 1]);
});
