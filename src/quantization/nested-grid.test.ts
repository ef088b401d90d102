// The two grids of a nested code, over every code there is: what is served is the M high bits of what is stored, and that
// is R_D of the stored value, clipped, in the words of the paper (eq. 1 to 3). Steps as they come, in fp32.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CodeBits, codeBits, grid, type StoredBits, storedBits } from './grid.js';
import {
  nestedOrigin,
  nestedPosition,
  nestedShift,
  nestedSlope,
  passesNested,
  servedCode,
  servedGrid,
} from './nested-grid.js';
import { packCodes, packedBytes, unpackCodes } from './packing.js';

const pairs = storedBits.flatMap((stored) =>
  codeBits.filter((bits) => bits < stored).map((bits) => ({ stored, bits })),
);

/** All signed codes of S bits. */
function allCodes(stored: StoredBits): number[] {
  const { lowest } = grid(stored);
  return Array.from({ length: 2 ** stored }, (_, u) => u + lowest);
}

describe.each(pairs)('$bits of $stored bits', ({ stored, bits }: { stored: StoredBits; bits: CodeBits }) => {
  const k = nestedShift(stored, bits);
  const { lowest, highest } = grid(bits);

  it('are the high bits of the unsigned code, and the value rounded half up and clipped', () => {
    const codes = allCodes(stored);
    const served = codes.map((code) => servedCode(code, k));
    const positions = codes.map((code) => nestedPosition(code, k));
    expect(served).toEqual(codes.map((code) => ((code + 2 ** (stored - 1)) >> k) - 2 ** (bits - 1)));
    // Eq. 1 to 3: clip, then R_D. And without the clip it is the same: both grids end together.
    expect(served).toEqual(positions.map((v) => Math.floor(Math.max(lowest, Math.min(highest, v)) + 0.5)));
    expect(served).toEqual(positions.map((v) => Math.floor(v + 0.5)));
    expect(servedGrid(stored, k)).toEqual({ lowest, highest });
  });

  it('come from 2^k stored codes each, half of them below the served value, 0 among them', () => {
    const counts = new Map<number, number>();
    for (const code of allCodes(stored)) {
      const served = servedCode(code, k);
      counts.set(served, (counts.get(served) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(new Array(2 ** bits).fill(2 ** k));
    expect(nestedPosition(nestedOrigin(k), k)).toBe(0);
    const ofZero = allCodes(stored).filter((code) => servedCode(code, k) === 0);
    expect(ofZero.filter((code) => nestedPosition(code, k) < 0).length).toBe(2 ** (k - 1));
  });

  it('are of a step that fp32 divides into stored steps and back without a rounding', () => {
    const steps = fc.oneof(fc.float({ min: Math.fround(1e-8), max: 1, noNaN: true }), fc.constant(2 ** -14));
    fc.assert(
      fc.property(steps, (step) => {
        const fine = Math.fround(step * 2 ** -k);
        expect(Math.fround(fine * 2 ** k)).toBe(step);
        expect(fine).toBe(step / 2 ** k);
      }),
    );
  });

  it('have the slope of eq. 7 at the stored value, and its gradient to the ends', () => {
    const codes = allCodes(stored);
    const positions = codes.map((code) => nestedPosition(code, k));
    expect(codes.map((code) => nestedSlope(code, k, { lowest, highest }))).toEqual(
      positions.map((v) => (v <= lowest ? lowest : v >= highest ? highest : Math.floor(v + 0.5) - v)),
    );
    expect(codes.map((code) => passesNested(code, k, { lowest, highest }))).toEqual(
      positions.map((v) => v >= lowest && v <= highest),
    );
  });
});

it('nothing nested is the code itself', () => {
  for (const code of allCodes(8))
    expect([servedCode(code, 0), nestedPosition(code, 0)]).toEqual([code, code]);
});

describe('packed codes', () => {
  it('come back, of every width and number', () => {
    const rows = fc.constantFrom(...storedBits).chain((bits) => {
      const { lowest, highest } = grid(bits);
      return fc.record({
        bits: fc.constant(bits),
        codes: fc.array(fc.integer({ min: lowest, max: highest }), { minLength: 1, maxLength: 21 }),
        offset: fc.nat(3),
      });
    });
    fc.assert(
      fc.property(rows, ({ bits, codes, offset }) => {
        const end = offset + packedBytes(codes.length, bits);
        const bytes = new Uint8Array(end + 2).fill(0xff);
        packCodes(codes, bits, bytes, offset);
        expect([...bytes.subarray(0, offset), ...bytes.subarray(end)]).toEqual(
          new Array(offset + 2).fill(0xff),
        );
        const found: number[] = new Array(codes.length).fill(0);
        unpackCodes(bytes, offset, bits, found);
        expect(found).toEqual(codes);
        unpackCodes(bytes.subarray(0, end), offset, bits, found);
        expect(found).toEqual(codes);
      }),
      { numRuns: 1000 },
    );
  });

  it('lie lowest bits first: one number of all of them, little-endian', () => {
    for (const bits of storedBits) {
      const codes = Array.from({ length: 7 }, (_, j) => ((j * 2741) % 2 ** bits) + grid(bits).lowest);
      const bytes = new Uint8Array(packedBytes(7, bits));
      packCodes(codes, bits, bytes, 0);
      const whole = codes.reduce(
        (sum, code, j) => sum + (BigInt(code - grid(bits).lowest) << BigInt(j * bits)),
        0n,
      );
      expect(bytes.reduce((sum, byte, i) => sum + (BigInt(byte) << BigInt(8 * i)), 0n)).toBe(whole);
    }
    expect([4, 2, 5].map((dim) => packedBytes(dim, 6))).toEqual([3, 2, 4]);
    expect([2, 1].map((dim) => packedBytes(dim, 12))).toEqual([3, 2]);
  });
});
