// Lanes whose quantizer is a kernel against lanes of the registry's own quantizer on ordinary arrays, which no kernel works on:
// every stored byte, every sum, every refusal.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlockWork, blockLane, laneMemory } from './block-work.js';
import { blockKernels, createQuantizer } from './fast-quantizers.js';
import { type LayoutName, layouts } from './layouts/registry.js';
import {
  type QuantizedBits,
  type QuantizerSpec,
  quantizedBits,
  type RowSource,
  type Side,
  sides,
} from './quantizer.js';
import { type QuantizerName, quantizers } from './registry.js';

interface Case {
  method: QuantizerName;
  layout: LayoutName;
  bits: QuantizedBits;
  side: Side;
  dim: number;
  rows: number;
  seed: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  method: fc.constantFrom(...(Object.keys(blockKernels) as QuantizerName[])),
  layout: fc.constant('bitrow-rows' as const),
  bits: fc.constantFrom(...quantizedBits),
  side: fc.constantFrom(...sides),
  // Odd ones, and widths that go through the loops of 32, 16 and 4 codes.
  dim: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(48, 64, 80)),
  rows: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat(),
});
const torchCases = cases.map(({ bits, dim, ...rest }): Case => {
  const layout = 'torch-rows';
  const perByte = 8 / bits;
  return { ...rest, layout, bits, side: layouts[layout].side(bits), dim: Math.ceil(dim / perByte) * perByte };
});

/** Rows of any size, some of them constant, some of zeros and some with an outlier. */
function valuesOf({ dim, rows, seed }: Case): Float32Array {
  let random = seed | 1;
  const draw = () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return random / 2 ** 31;
  };
  const values = new Float32Array(rows * dim);
  for (let row = 0; row < rows; row++) {
    const size = 10 ** (4 * draw());
    const kind = Math.floor(4 * Math.abs(draw()));
    const constant = kind === 0 ? size : 0;
    for (let at = row * dim; at < (row + 1) * dim; at++) values[at] = kind <= 1 ? constant : size * draw();
    if (kind === 3) values[row * dim] *= 100;
  }
  return values;
}

async function lanes(given: Case, values: Float32Array) {
  const { method, layout, bits, side, dim, rows } = given;
  const format = { kind: 'affine', bits, side, dim, rows, clusters: 0 } as const;
  const table: RowSource = { name: 'emb', rows, dim, read: async () => {} };
  const spec: QuantizerSpec<'affine'> = quantizers[method] as QuantizerSpec<'affine'>;
  const plain: BlockWork = {
    name: 'emb',
    format,
    layout,
    quantizer: await spec.create({ dim, bits, side }, table),
    minMax: await quantizers.minmax.create({ dim, bits, side }),
  };
  const fast: BlockWork = {
    ...plain,
    quantizer: await createQuantizer(method, { dim, bits, side }, table),
    minMax: await createQuantizer('minmax', { dim, bits, side }, table),
  };
  return [plain, fast].map((work) => {
    const lane = blockLane(work, laneMemory(work, rows));
    lane.values.set(values);
    return lane;
  });
}

async function expectEqual(given: Case, values: Float32Array): Promise<void> {
  const [plain, fast] = await lanes(given, values);
  const results = [];
  for (const lane of [plain, fast]) {
    const outcome = await lane.run(1000, given.rows).catch((error: Error) => error.message);
    results.push(typeof outcome === 'string' ? outcome : { outcome, parts: lane.parts });
  }
  expect(results[1]).toEqual(results[0]);
}

describe('a lane whose quantizer is a kernel', () => {
  it.each([
    ['bitrow-rows', cases],
    ['torch-rows', torchCases],
  ] as const)('makes the same of rows, in %s', async (_, given) => {
    const supported = given.filter(({ method, bits }) => {
      const known: readonly QuantizedBits[] = quantizers[method].bits;
      return known.includes(bits);
    });
    await fc.assert(fc.asyncProperty(supported, (drawn) => expectEqual(drawn, valuesOf(drawn))));
  });

  it('names the same value that is not a number, wherever it is', async () => {
    const any = fc.tuple(cases, fc.nat(), fc.constantFrom(Number.NaN, Infinity, -Infinity));
    await fc.assert(
      fc.asyncProperty(any, async ([drawn, at, value]) => {
        const given: Case = { ...drawn, method: 'minmax' };
        const values = valuesOf(given);
        values[at % values.length] = value;
        await expectEqual(given, values);
      }),
    );
  });

  it('makes the same of more rows than it takes at once', async () => {
    const given: Case = {
      method: 'minmax',
      layout: 'torch-rows',
      bits: 8,
      side: 'fp32',
      dim: 8,
      rows: 1111,
      seed: 5,
    };
    const [plain, fast] = await lanes(given, valuesOf(given));
    await plain.run(0, 1111);
    await fast.run(0, 1111);
    expect(fast.parts).toEqual(plain.parts);
  });
});
