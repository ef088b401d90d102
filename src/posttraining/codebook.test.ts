// Codes by a codebook against looking at every entry.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nearestCode, writeCodebook } from './codebook.js';

const entry = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ min: -3, max: 3, noNaN: true }));

it('takes the nearest entry, of equal ones the first', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 16 }), entry, (entries, value) => {
      const codebook = Float32Array.from(entries).sort();
      const distances = [...codebook].map((each) => Math.abs(value - each));
      const code = nearestCode(codebook, value);
      expect(distances[code]).toBe(Math.min(...distances));
      expect(codebook[code - 1]).not.toBe(codebook[code]);
    }),
  );
  expect(nearestCode(Float32Array.of(0, 1, 2), 1.5)).toBe(1);
});

it('stores what the side has, and fills up with the last', () => {
  const codebook = new Float32Array(4);
  writeCodebook(Float64Array.of(-0.1, 0.3, 9, 9), 2, 'fp16', codebook);
  // 0x2E66 and 0x34CD of numpy.float16.
  expect([...codebook]).toEqual([-0.0999755859375, 0.300048828125, 0.300048828125, 0.300048828125]);
  writeCodebook(Float64Array.of(0.1, 0.3), 2, 'fp32', codebook);
  expect([...codebook]).toEqual([0.1, 0.3, 0.3, 0.3].map(Math.fround));
});
