// Every layout by what it must keep: codes and the numbers beside them, to the bit. PyTorch's by bytes of torch.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dtypes } from '../../formats/safetensors.js';
import { fromHalf } from '../../quantization/half.js';
import { packCodes } from '../../quantization/packing.js';
import { allocateBlock, dequantizeBlock } from '../blocks.js';
import {
  type BlockKind,
  type QuantizedBlock,
  type QuantizerSpec,
  quantizedBits,
  sides,
} from '../quantizer.js';
import { quantizers } from '../registry.js';
import { entriesPerRow, type QuantizedFormat } from './layout.js';
import { packRows, unpackRows } from './pack-rows.js';
import { type LayoutName, layoutNames, layouts } from './registry.js';
import { torchRowBytes, torchRowDim } from './torch-rows.js';

const kinds: readonly BlockKind[] = ['affine', 'codebook', 'clustered'];

/** A number that a side has, from 16 bits: any finite half is an fp32 number too. */
const sideNumber = fc.nat(0xffff).map((bits) => ((bits & 0x7c00) === 0x7c00 ? 0 : fromHalf(bits)));

/** A format and a block of all its rows. */
const anyBlock = fc
  .record({
    kind: fc.constantFrom(...kinds),
    bits: fc.constantFrom(...quantizedBits),
    side: fc.constantFrom(...sides),
    dim: fc.integer({ min: 1, max: 19 }),
    rows: fc.integer({ min: 1, max: 6 }),
    clusters: fc.constantFrom(1, 256, 257, 65_536, 65_537),
  })
  .map((format) => ({ ...format, clusters: format.kind === 'clustered' ? format.clusters : 0 }))
  .chain((format) => {
    const { kind, bits, dim, rows, clusters } = format;
    const numbers = (length: number) =>
      fc.array(sideNumber, { minLength: length, maxLength: length }).map((list) => Float32Array.from(list));
    const whole = (length: number, most: number) =>
      fc.array(fc.oneof(fc.nat(most), fc.constant(most)), { minLength: length, maxLength: length });
    const codes = whole(rows * dim, 2 ** bits - 1).map((list) => Uint8Array.from(list));
    const block: Record<BlockKind, fc.Arbitrary<QuantizedBlock>> = {
      affine: fc.record({
        kind: fc.constant('affine'),
        codes,
        scales: numbers(rows),
        biases: numbers(rows),
      }),
      codebook: fc.record({ kind: fc.constant('codebook'), codes, codebooks: numbers(rows * 2 ** bits) }),
      clustered: fc.record({
        kind: fc.constant('clustered'),
        codes,
        clusters: whole(rows, Math.max(0, clusters - 1)).map((list) => Uint32Array.from(list)),
      }),
    };
    return fc.record({ format: fc.constant(format), block: block[kind] });
  });

/** Arrays for all rows of a format. */
function arraysOf(layout: LayoutName, format: QuantizedFormat) {
  return layouts[layout]
    .rowParts(format)
    .map((part) => new dtypes[part.dtype].array(format.rows * entriesPerRow(part)));
}

function holds(layout: LayoutName, format: QuantizedFormat): boolean {
  try {
    layouts[layout].check(format);
    return true;
  } catch {
    return false;
  }
}

describe.each(layoutNames)('%s', (layout) => {
  it('gives back what it stored, of every format that it holds', () => {
    let held = 0;
    fc.assert(
      fc.property(anyBlock, ({ format, block }) => {
        if (!holds(layout, format)) return;
        held++;
        const stored = arraysOf(layout, format);
        layouts[layout].encode(format, block, format.rows, stored);
        const again = allocateBlock(format, format.rows);
        layouts[layout].decode(format, stored, format.rows, again);
        expect(again).toEqual(block);
      }),
      { numRuns: 300 },
    );
    expect(held).toBeGreaterThan(10);
  });

  it('stores a row the same wherever it stands', () => {
    fc.assert(
      fc.property(anyBlock, ({ format, block }) => {
        if (!holds(layout, format) || block.kind !== 'affine') return;
        const { dim, rows } = format;
        const whole = arraysOf(layout, format);
        layouts[layout].encode(format, block, rows, whole);
        const last = {
          kind: block.kind,
          codes: block.codes.slice((rows - 1) * dim),
          scales: block.scales.slice(rows - 1),
          biases: block.biases.slice(rows - 1),
        };
        const alone = arraysOf(layout, { ...format, rows: 1 });
        layouts[layout].encode(format, last, 1, alone);
        for (const [i, array] of alone.entries()) {
          expect(whole[i].subarray(whole[i].length - array.length)).toEqual(array);
        }
      }),
    );
  });
});

describe('torch-rows', () => {
  const rows = [
    [0.1, -0.25, 0.3, 0, 0.017, -0.003, 0.2, -0.11],
    new Array(8).fill(0.3),
    new Array(8).fill(0),
    [-1, 1, 2, 3, 4, 5, 6, 7.5],
  ];
  // torch 2.15.0, torch.ops.quantized.embedding_bag_{byte,4bit,2bit}_prepack of these rows, and …_unpack of that.
  it.each([
    {
      bits: 8,
      bytes: 'ogD/dHxz0UEnWg07AACAvgAAAAAAAAAAAAAAAJqZmT4AAAAAAAAAAAAAAAAAAAAAADxaeJa00v+JiAg9AACAvw==',
      values: [
        [0.099411763, -0.25, 0.3, 0.00019607972, 0.01745098, -0.001960783, 0.20078431, -0.10980392],
        new Array(8).fill(0.3),
        new Array(8).fill(0),
        [-1, 1.0000001, 2.0000002, 3.0000002, 4.0000005, 5.0000005, 6.0000005, 7.5000005],
      ],
    },
    {
      bits: 4,
      bytes: 'Cn93TLEoALT/////N4DNNAAAAAAAPAAAQHW5/Ik4ALw=',
      values: [
        [
          0.11651611328125, -0.25, 0.299774169921875, 0.006561279296875, 0.006561279296875, 0.006561279296875,
          0.1898193359375, -0.1033935546875,
        ],
        new Array(8).fill(0.2999996542930603),
        new Array(8).fill(0),
        [
          -1, 1.267578125, 1.83447265625, 2.96826171875, 4.10205078125, 5.23583984375, 5.802734375,
          7.50341796875,
        ],
      ],
    },
    {
      bits: 2,
      bytes: 'cmXeMQC0//8Rgc00AAAAPAAAVOqrQQC8',
      values: [
        [
          0.11669921875, -0.25, 0.300048828125, -0.066650390625, -0.066650390625, -0.066650390625,
          0.11669921875, -0.066650390625,
        ],
        new Array(8).fill(0.3),
        new Array(8).fill(0),
        [-1, 1.833984375, 1.833984375, 1.833984375, 4.66796875, 4.66796875, 4.66796875, 7.501953125],
      ],
    },
  ] as const)('has the bytes of torch at $bits bits', async ({ bits, bytes, values }) => {
    const side = layouts['torch-rows'].side(bits);
    const format: QuantizedFormat = { kind: 'affine', bits, side, dim: 8, rows: 4, clusters: 0 };
    const table = { name: 'x', rows: 4, dim: 8, read: async () => {} };
    const spec: QuantizerSpec<'affine'> = quantizers.minmax;
    const quantizer = await spec.create({ dim: 8, bits, side }, table);
    const block = allocateBlock({ kind: 'affine', bits, dim: 8 }, 4);
    quantizer.quantize(Float32Array.from(rows.flat()), block);
    const stored = new Uint8Array(4 * torchRowBytes(8, bits));
    layouts['torch-rows'].encode(format, block, 4, [stored]);
    expect(Buffer.from(stored).toString('base64')).toBe(bytes);
    const again = allocateBlock({ kind: 'affine', bits, dim: 8 }, 4);
    layouts['torch-rows'].decode(format, [stored], 4, again);
    const out = new Float32Array(32);
    dequantizeBlock(again, { bits, dim: 8 }, 4, out);
    expect([...out]).toEqual(values.flat().map(Math.fround));
  });

  it('has rows of D + 8, D/2 + 4 and D/4 + 4 bytes, and a width for those', () => {
    expect(quantizedBits.map((bits) => torchRowBytes(64, bits))).toEqual([72, 36, 20]);
    for (const bits of quantizedBits) expect(torchRowDim(torchRowBytes(64, bits), bits)).toBe(64);
    expect(torchRowDim(4, 4)).toBeUndefined();
  });

  it.each([
    [{ kind: 'codebook' }, /holds a scale and a bias per row, not the rows of a codebook method/],
    [{ side: 'fp32' }, /has fp16 scales and biases at 4 bits, not fp32/],
    [{ bits: 8 }, /has fp32 scales and biases at 8 bits, not fp16/],
    [{ dim: 7 }, /packs 2 codes of 4 bits into a byte: the width, 7, must be a multiple of 2/],
    [{ dim: 6, bits: 2 }, /the width, 6, must be a multiple of 4/],
  ] as const)('refuses %o', (change, message) => {
    const format: QuantizedFormat = { kind: 'affine', bits: 4, side: 'fp16', dim: 8, rows: 1, clusters: 0 };
    expect(() => layouts['torch-rows'].check({ ...format, ...change })).toThrow(message);
  });
});

it('packs rows as the codes of a table are packed, wherever a row begins', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...quantizedBits),
      fc.integer({ min: 1, max: 13 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(5),
      fc.infiniteStream(fc.nat(255)),
      (bits, dim, rows, gap, stream) => {
        const codes = Uint8Array.from({ length: rows * dim }, () => Number(stream.next().value) % 2 ** bits);
        const bytes = Math.ceil((dim * bits) / 8);
        const packed = new Uint8Array(rows * (bytes + gap));
        packRows(codes, rows, dim, bits, packed, bytes + gap);
        for (let row = 0; row < rows; row++) {
          const signed = [...codes.subarray(row * dim, (row + 1) * dim)].map(
            (code) => code - 2 ** (bits - 1),
          );
          const expected = new Uint8Array(bytes + gap);
          packCodes(signed, bits, expected, 0);
          expect(packed.subarray(row * (bytes + gap), (row + 1) * (bytes + gap))).toEqual(expected);
        }
        const again = new Uint8Array(codes.length);
        unpackRows(packed, rows, dim, bits, bytes + gap, again);
        expect(again).toEqual(codes);
      },
    ),
  );
});
