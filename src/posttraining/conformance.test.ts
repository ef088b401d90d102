// What every quantizer of the registry has to hold to, at each of its widths and both sides: blocks as they are said to be,
// numbers that the side has, rows that do not depend on the rows beside them, degenerate rows, and who loses no more than
// whom.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blockOf,
  blockValues,
  calibrated,
  quantizeRows,
  rowErrors,
  tableOf,
} from '../../test/quantized-rows.js';
import { nearestHalf } from '../quantization/half.js';
import {
  type QuantizedBits,
  type QuantizedBlock,
  type QuantizerSpec,
  type Side,
  sides,
} from './quantizer.js';
import { quantizerNames, quantizers } from './registry.js';

const specs = new Map<string, QuantizerSpec>(Object.entries(quantizers));

interface Case {
  name: string;
  spec: QuantizerSpec;
  bits: QuantizedBits;
  side: Side;
}
const cases: Case[] = quantizerNames.flatMap((name) =>
  quantizers[name].bits.flatMap((bits: QuantizedBits) =>
    sides.map((side) => ({ name, spec: quantizers[name], bits, side })),
  ),
);

const bell = fc.array(fc.double({ min: 1e-9, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
/** About Gaussian, of deviation 0.7. */
const deviate = bell.map((uniforms) => uniforms.reduce((sum, u) => sum + u, -3));
const value = fc.oneof(
  { weight: 6, arbitrary: deviate },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1, -1, 0.1, 2 ** -24, -(2 ** -25), 1e-40, 2 ** -149) },
  { weight: 1, arbitrary: fc.double({ min: -65504, max: 65504, noNaN: true }) },
);
const scale = fc.constantFrom(1, 1, 0.01, 1e-5, 1e-21, 300);
function rowOf(dim: number) {
  const drawn = fc.tuple(fc.array(deviate, { minLength: dim, maxLength: dim }), scale);
  return fc.oneof(
    { weight: 4, arbitrary: drawn.map(([row, size]) => row.map((x) => x * size)) },
    { weight: 1, arbitrary: drawn.map(([row]) => row.map((x) => 1000 + x / 1000)) },
    { weight: 2, arbitrary: fc.array(value, { minLength: dim, maxLength: dim }) },
    { weight: 1, arbitrary: value.map((x) => new Array<number>(dim).fill(x)) },
    // One outlier.
    { weight: 1, arbitrary: fc.tuple(drawn, value).map(([[row], x]) => [100 * x, ...row.slice(1)]) },
  );
}
/** Rows (n, D) of finite values that fp16 has the range of. */
const someRows = fc.constantFrom(1, 3, 8, 20).chain((dim) =>
  fc.array(rowOf(dim), { minLength: 1, maxLength: 5 }).map((rows) => ({
    dim,
    values: Float32Array.from(rows.flat(), (x) => Math.max(-65504, Math.min(65504, x))),
  })),
);

/** The numbers beside the codes. */
function stored(block: QuantizedBlock, codebooks: Float32Array | undefined): number[] {
  switch (block.kind) {
    case 'affine':
      return [...block.scales, ...block.biases];
    case 'codebook':
      return [...block.codebooks];
    case 'clustered':
      return [...(codebooks ?? [])];
  }
}

describe.each(cases)('$name, $bits bits, $side', ({ spec, bits, side }) => {
  it('has codes of its width and numbers of its side, and is read without NaN', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, async ({ dim, values }) => {
        const { block, codebooks, values: read } = await quantizeRows(spec, values, { dim, bits, side });
        expect(block.kind).toBe(spec.kind);
        expect(Math.max(...block.codes)).toBeLessThan(2 ** bits);
        for (const number of stored(block, codebooks)) {
          expect(Number.isFinite(number)).toBe(true);
          if (side === 'fp16') expect(nearestHalf(number)).toBe(number);
        }
        expect([...read].filter((number) => !Number.isFinite(number))).toEqual([]);
        if (block.kind !== 'clustered') return;
        expect(Math.max(...block.clusters)).toBeLessThan((codebooks?.length ?? 0) / 2 ** bits);
      }),
      { numRuns: 30 },
    );
  });

  it('does to a row what it does to it alone, in any order, and leaves the room behind it', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, async ({ dim, values }) => {
        const rows = values.length / dim;
        const table = tableOf(values, dim);
        const quantizer = await spec.create(calibrated(spec, { dim, bits, side }), table);
        const whole = blockOf(spec.kind, rows, dim, bits);
        quantizer.quantize(values, whole, 0);
        const expected = blockValues(whole, dim, bits, quantizer.codebooks);
        // A second quantizer, so that nothing is left of the first.
        const other = await spec.create(calibrated(spec, { dim, bits, side }), table);
        for (let row = rows - 1; row >= 0; row--) {
          const alone = blockOf(spec.kind, 2, dim, bits);
          alone.codes.fill(255, dim);
          other.quantize(values.slice(row * dim, (row + 1) * dim), alone, row);
          const read = blockValues(alone, dim, bits, other.codebooks).subarray(0, dim);
          expect([...read]).toEqual([...expected.subarray(row * dim, (row + 1) * dim)]);
          expect([...alone.codes.subarray(0, dim)]).toEqual([
            ...whole.codes.subarray(row * dim, (row + 1) * dim),
          ]);
          expect([...alone.codes.subarray(dim)]).toEqual(new Array(dim).fill(255));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('keeps rows of zeros, and constant rows as well as the side can', async () => {
    const constant = fc.oneof(value, fc.constantFrom(0.3, -0.3, 0.1, 1234.567));
    await fc.assert(
      fc.asyncProperty(constant, fc.constantFrom(1, 8, 12), async (x, dim) => {
        const values = new Float32Array(2 * dim).fill(x);
        const { values: read } = await quantizeRows(spec, values, { dim, bits, side });
        // Of fp16 at most: a bias half a unit off, the scale as much, over 2^M − 1 codes of it. Of an fp32 number so small
        // that a scale of it has no reciprocal, twice the number.
        const size = Math.abs(values[0]);
        const allowed =
          side === 'fp16' ? size * 2 ** -10 + 2 ** -24 * 2 ** bits : size * 2 ** -22 + 2 ** -118;
        for (const number of read) expect(Math.abs(number - values[0])).toBeLessThanOrEqual(allowed);
        if (x === 0) expect([...read].every((number) => number === 0)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

/** Of the l2 norm of a row: what fp32 sums may differ by. */
const SLACK = 1e-6;

/** The first loses no more than the second on any row; at fp16 too where both try what the second has. */
const orders = (
  [
    ['greedy', 'minmax', sides],
    ['gss', 'symmetric', sides],
    ['optimal', 'greedy', ['fp32']],
    ['optimal', 'minmax', sides],
    ['kmeans', 'minmax', ['fp32']],
  ] as const
).flatMap(([better, worse, on]) => {
  const [first, second] = [specs.get(better), specs.get(worse)];
  return first && second ? [{ better, worse, first, second, on }] : [];
});

describe.each(orders)('$better loses no more than $worse', ({ first, second, on }) => {
  const shared = first.bits.filter((bits) => second.bits.includes(bits));
  it('on any row', async () => {
    await fc.assert(
      fc.asyncProperty(
        someRows,
        fc.constantFrom(...shared),
        fc.constantFrom(...on),
        async ({ dim, values }, bits, side) => {
          const settings = { dim, bits, side };
          const { errors, norms } = rowErrors(
            values,
            (await quantizeRows(first, values, settings)).values,
            dim,
          );
          const limits = rowErrors(values, (await quantizeRows(second, values, settings)).values, dim).errors;
          for (const [row, error] of errors.entries()) {
            expect(error).toBeLessThanOrEqual(limits[row] + SLACK * norms[row]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('on a table of Gaussian rows', () => {
  const dim = 16;
  const values = fc.sample(fc.array(deviate, { minLength: 20 * dim, maxLength: 20 * dim }), {
    numRuns: 1,
    seed: 5,
  })[0];
  const table = Float32Array.from(values);
  const meanError = async (spec: QuantizerSpec, bits: QuantizedBits, side: Side) => {
    const { errors, norms } = rowErrors(
      table,
      (await quantizeRows(spec, table, { dim, bits, side })).values,
      dim,
    );
    return errors.reduce((sum, error, row) => sum + error / norms[row], 0) / errors.length;
  };

  it.each(quantizerNames)('%s loses less with more bits, and little at all', async (name) => {
    const spec: QuantizerSpec = quantizers[name];
    for (const side of sides) {
      const errors: number[] = [];
      for (const bits of [...spec.bits].sort()) errors.push(await meanError(spec, bits, side));
      for (const [i, error] of errors.entries()) if (i > 0) expect(error).toBeLessThan(errors[i - 1] / 2);
      expect(errors[0]).toBeLessThan(spec.bits.includes(2) ? 0.8 : 0.2);
    }
  });

  it.each(['table-minmax', 'symmetric', 'minmax'] as const)(
    '%s does nothing the second time',
    async (name) => {
      for (const bits of quantizers[name].bits) {
        const settings = { dim, bits, side: 'fp32' } as const;
        const once = await quantizeRows(quantizers[name], table, settings);
        const twice = await quantizeRows(quantizers[name], Float32Array.from(once.values), settings);
        expect([...twice.block.codes]).toEqual([...once.block.codes]);
        const { errors, norms } = rowErrors(Float32Array.from(once.values), twice.values, dim);
        for (const [row, error] of errors.entries()) expect(error).toBeLessThanOrEqual(SLACK * norms[row]);
      }
    },
  );
});
