// Quantizers that have a kernel against those of the registry: every byte of codes, scales and biases.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateBlock } from './blocks.js';
import { blockKernels, createQuantizer } from './fast-quantizers.js';
import { KernelMemory } from './kernel-memory.js';
import { type QuantizerSettings, type QuantizerSpec, type RowSource, sides } from './quantizer.js';
import { type QuantizerName, quantizers } from './registry.js';

const names = Object.keys(blockKernels) as QuantizerName[];
const noTable: RowSource = {
  name: 'none',
  rows: 0,
  dim: 0,
  read: () => Promise.reject(new Error('These quantizers look at rows alone.')),
};

/** Rows of many kinds, finite, drawn as a few numbers and a way to fill the row with them. */
const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const tame = fc.float({ min: -8, max: 8, noNaN: true });
function rowsOf(dim: number): fc.Arbitrary<number[]> {
  const filled = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: dim, maxLength: dim });
  return fc
    .oneof(
      filled(tame),
      filled(fc.oneof(tame, fc.constantFrom(0, -0))),
      // Not negative, so that the least may be a zero of either sign, after and before others.
      filled(fc.constantFrom(0, -0, 0.25, 1)),
      filled(fc.constantFrom(0, -0)),
      filled(float),
      filled(fc.float({ min: -Math.fround(1e-38), max: Math.fround(1e-38), noNaN: true })),
      filled(fc.float({ min: -70000, max: 70000, noNaN: true })),
      // Constant, or nearly so, far from zero: what fp16 loses of the bias is more than the range.
      fc.tuple(float, filled(fc.integer({ min: 0, max: 2 }))).map(([value, ulps]) => {
        const word = new Uint32Array(new Float32Array([value]).buffer)[0];
        return ulps.map((ulp) => new Float32Array(new Uint32Array([word + ulp]).buffer)[0]);
      }),
      fc.tuple(tame, filled(fc.integer({ min: 0, max: 40 }))).map(([value, ulps]) => {
        return ulps.map((ulp) => Math.fround(value + ulp * 2 ** -22));
      }),
      // On both sides of a power of two: a bin may move the end that is below it, and not the one above.
      filled(fc.integer({ min: -100, max: 100 })).map((ulps) =>
        ulps.map((ulp) => Math.fround(1 + ulp * 2 ** -24)),
      ),
      // One outlier.
      fc
        .tuple(filled(tame), fc.nat({ max: dim - 1 }), float)
        .map(([row, at, outlier]) => row.with(at, outlier)),
    )
    .filter((row) => row.every(Number.isFinite));
}
const tables = fc
  .integer({ min: 1, max: 70 })
  .chain((dim) => fc.tuple(fc.constant(dim), fc.array(rowsOf(dim), { minLength: 1, maxLength: 11 })));

/** Bytes of a block; of a row that no file may hold, that scale or bias are not finite is all that counts. */
async function bytesOf(
  create: (settings: QuantizerSettings) => Promise<{ quantize: QuantizeAffine }>,
  settings: QuantizerSettings,
  rows: readonly number[][],
) {
  const block = allocateBlock({ kind: 'affine', ...settings }, rows.length);
  (await create(settings)).quantize(Float32Array.from(rows.flat()), block);
  const word = (values: Float32Array, row: number) =>
    new Uint32Array(values.buffer, values.byteOffset, values.length)[row].toString(16);
  return rows.map((_, row) =>
    Number.isFinite(block.scales[row]) && Number.isFinite(block.biases[row])
      ? {
          codes: [...block.codes.subarray(row * settings.dim, (row + 1) * settings.dim)],
          scale: word(block.scales, row),
          bias: word(block.biases, row),
        }
      : 'refused',
  );
}
type QuantizeAffine = (values: Float32Array, out: ReturnType<typeof allocateBlock<'affine'>>) => void;

describe.each(names)('%s', (name) => {
  const spec: QuantizerSpec = quantizers[name];
  const cases = spec.bits.flatMap((bits) => sides.map((side) => ({ bits, side })));

  it.each(cases)('has the bytes of the reference at $bits bits and $side', async ({ bits, side }) => {
    await fc.assert(
      fc.asyncProperty(tables, async ([dim, rows]) => {
        const settings = { dim, bits, side };
        const fast = await bytesOf((given) => createQuantizer(name, given, noTable), settings, rows);
        const reference = await bytesOf((given) => spec.create(given, noTable), settings, rows);
        expect(fast).toEqual(reference);
      }),
      { numRuns: 150 },
    );
  });

  it('does the same to many rows at once', async () => {
    const [dim, count] = [64, 1030];
    const settings = { dim, bits: spec.bits[0], side: 'fp16' as const };
    let random = 12345;
    const rows = Array.from({ length: count }, () =>
      Array.from({ length: dim }, () => {
        random = (Math.imul(random, 1664525) + 1013904223) | 0;
        return Math.fround(random / 2 ** 31);
      }),
    );
    const fast = await bytesOf((given) => createQuantizer(name, given, noTable), settings, rows);
    const reference = await bytesOf((given) => spec.create(given, noTable), settings, rows);
    expect(fast).toEqual(reference);
  });

  it('touches nothing behind its rows', async () => {
    const [dim, rows] = [64, 17];
    const memory = new KernelMemory(rows * (5 * dim + 8) + 4096, 8, 16 * dim);
    const values = memory.allocate(Float32Array, rows * dim).fill(1);
    const scales = memory.allocate(Float32Array, rows);
    const biases = memory.allocate(Float32Array, rows);
    const codes = memory.allocate(Uint8Array, rows * dim);
    const behind = memory.allocate(Uint8Array, 1024).fill(0xa5);
    const quantizer = await createQuantizer(name, { dim, bits: spec.bits[0], side: 'fp32' }, noTable);
    (quantizer.quantize as QuantizeAffine)(values, { kind: 'affine', codes, scales, biases });
    expect(behind.every((byte) => byte === 0xa5)).toBe(true);
    expect([...scales.subarray(0, rows)]).toEqual(new Array(rows).fill(scales[0]));
  });
});
