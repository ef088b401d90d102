// The dequantizing lookup against its specification in every bit, over all layouts a table may have.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wasmKernels } from './load.js';
import type { LookupKernels } from './lookup.js';
import { referenceKernels } from './reference.js';

const V = 9;
const kernels = { reference: referenceKernels, wasm: wasmKernels };

interface Case {
  bits: 16 | 8 | 4 | 2;
  dim: number;
  sideBytes: 2 | 4;
  /** Codes, scale and bias in one row, as in PyTorch's layout, or in arrays. */
  isFused: boolean;
  /** Rows of each segment; of all of them, a row a segment, without offsets. */
  bags: number[][];
  hasOffsets: boolean;
  seed: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  bits: fc.constantFrom(8, 4, 2),
  dim: fc.integer({ min: 1, max: 37 }),
  sideBytes: fc.constantFrom(2, 4),
  isFused: fc.boolean(),
  bags: fc.array(fc.array(fc.nat({ max: V - 1 }), { maxLength: 4 }), { minLength: 1, maxLength: 6 }),
  hasOffsets: fc.boolean(),
  seed: fc.nat(),
});

/** Any bytes there, but for scales, biases and codebooks that are finite. */
function build({ bits, dim, sideBytes, isFused, bags, hasOffsets, seed }: Case) {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const view = new DataView(memory.buffer);
  let random = seed | 1;
  const draw = () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return random >>> 8;
  };
  for (let at = 0; at < 2 * 65536; at++) view.setUint8(at, draw() & 0xff);
  let end = 16;
  const take = (bytes: number, align = 4) => {
    const at = Math.ceil(end / align) * align;
    end = at + bytes + 4;
    return at;
  };
  /** Some numbers of every size, of either sign; never an infinity or NaN. */
  const setSide = (at: number) => {
    const half = draw() & 0xffff;
    if (sideBytes === 2) view.setUint16(at, (half & 0x7c00) === 0x7c00 ? half & 0x83ff : half, true);
    else {
      const isTame = draw() % 4 > 0;
      const word = Math.imul(draw(), 0x10001) ^ draw();
      const exponent = isTame ? 110 + (draw() % 20) : draw() % 240;
      view.setUint32(at, (word & 0x807fffff) | (exponent << 23), true);
    }
  };
  const codebookValues = bits === 16 ? 0 : V * 2 ** bits;
  const codeBytes = Math.ceil((dim * bits) / 8);
  const rowBytes = codeBytes + 2 * sideBytes;
  // Odd on purpose: packed bytes are aligned to nothing.
  const codes = take(V * rowBytes + 1, 2) + 1;
  const at = {
    codes,
    codeStride: isFused ? rowBytes : codeBytes,
    scales: isFused ? codes + codeBytes : take(sideBytes * V),
    biases: isFused ? codes + codeBytes + sideBytes : take(sideBytes * V),
    sideStride: isFused ? rowBytes : sideBytes,
    codebooks: take(codebookValues * sideBytes),
    clusters: take(4 * V),
    rows: take(4 * 40),
    offsets: take(4 * 40),
    out: take(4 * dim * 40, 16),
  };
  for (let row = 0; row < V; row++) {
    setSide(at.scales + row * at.sideStride);
    setSide(at.biases + row * at.sideStride);
  }
  for (let i = 0; i < codebookValues; i++) setSide(at.codebooks + i * sideBytes);
  const rows = bags.flat();
  for (const [k, row] of rows.entries()) view.setUint32(at.rows + 4 * k, row, true);
  let offset = 0;
  for (const [s, bag] of [...bags, []].entries()) {
    view.setUint32(at.offsets + 4 * s, offset, true);
    offset += bag.length;
  }
  const segments = hasOffsets ? bags.length : rows.length;
  return { memory, at: { ...at, offsets: hasOffsets ? at.offsets : 0 }, segments };
}

/** The same lookup by both, each in a memory of its own: every byte must be equal. */
function expectEqual(
  given: Case,
  run: (kernels: LookupKernels, built: ReturnType<typeof build>) => void,
): Float32Array {
  const [expected, actual] = (['reference', 'wasm'] as const).map((name) => {
    const built = build(given);
    run(kernels[name](built.memory), built);
    return built;
  });
  const { at, segments } = expected;
  const words = ({ memory }: typeof expected) =>
    new Uint32Array(memory.buffer, at.out, segments * given.dim).map((word) =>
      // A sum of an overflow and its opposite: NaN, whose bits are nobody's business.
      (word & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : word,
    );
  expect(words(actual)).toEqual(words(expected));
  const rest = ({ memory }: typeof expected) => Buffer.from(new Uint8Array(memory.buffer, 0, at.out));
  expect(rest(actual).equals(rest(expected))).toBe(true);
  return new Float32Array(actual.memory.buffer.slice(at.out, at.out + 4 * segments * given.dim));
}

describe('the kernel is its specification in every bit', () => {
  it('for scales and biases', () => {
    fc.assert(
      fc.property(cases, (given) => {
        expectEqual(given, (lookup, { at, segments }) => {
          const { codes, codeStride, scales, biases, sideStride, rows, offsets, out } = at;
          const { sideBytes, bits, dim } = given;
          const side = [scales, biases, sideStride, sideBytes, 0] as const;
          lookup.lookupAffine(codes, codeStride, ...side, bits, dim, rows, offsets, segments, out);
        });
      }),
    );
  });

  it('for scales around an origin, between codes too', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0, 0.5, 1, 7.5), (given, below) => {
        expectEqual(given, (lookup, { at, segments }) => {
          const { codes, codeStride, scales, sideStride, rows, offsets, out } = at;
          const { sideBytes, bits, dim } = given;
          const side = [scales, 0, sideStride, sideBytes, 2 ** (bits - 1) - below] as const;
          lookup.lookupAffine(codes, codeStride, ...side, bits, dim, rows, offsets, segments, out);
        });
      }),
    );
  });

  it('for steps and codes of up to 16 bits', () => {
    const alone = fc
      .tuple(cases, fc.constantFrom(16, 8, 4, 2))
      .map(([given, bits]): Case => ({ ...given, bits, hasOffsets: false }));
    const variants = fc.record({ hasSteps: fc.boolean(), hasBiases: fc.boolean(), isSigned: fc.boolean() });
    fc.assert(
      fc.property(alone, variants, (given, { hasSteps, hasBiases, isSigned }) => {
        expectEqual(given, (lookup, { at, segments }) => {
          const { codes, codeStride, scales, biases, sideStride, rows, out } = at;
          const { sideBytes, bits, dim } = given;
          const side = [hasSteps ? scales : 0, hasBiases ? biases : 0, sideStride, sideBytes] as const;
          const grid = [0.1, isSigned ? 2 ** (bits - 1) : 0] as const;
          lookup.lookupSteps(codes, codeStride, ...side, ...grid, bits, dim, rows, segments, out);
        });
      }),
    );
  });

  it('for fp32 values', () => {
    fc.assert(
      fc.property(cases, (some) => {
        // Narrow ones, which end before `out`.
        const given = { ...some, dim: 1 + (some.dim % 5), hasOffsets: false };
        expectEqual(given, (lookup, { at, segments }) => {
          // Whatever lies there.
          lookup.lookupValues(at.codes, 4 * given.dim + 3, given.dim, at.rows, segments, at.out);
        });
      }),
    );
  });

  it('for codebooks of rows and of clusters', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0, 1, 2, 4), (given, clusterBytes) => {
        expectEqual(given, (lookup, { memory, at, segments }) => {
          const { codes, codeStride, codebooks, clusters, rows, offsets, out } = at;
          const { sideBytes, bits, dim } = given;
          const view = new DataView(memory.buffer);
          for (let row = 0; row < V; row++) {
            if (clusterBytes === 1) view.setUint8(clusters + row, (5 * row) % V);
            if (clusterBytes === 2) view.setUint16(clusters + 2 * row, (5 * row) % V, true);
            if (clusterBytes === 4) view.setUint32(clusters + 4 * row, (5 * row) % V, true);
          }
          const side = [codebooks, sideBytes, clusters, clusterBytes] as const;
          lookup.lookupCodebook(codes, codeStride, ...side, bits, dim, rows, offsets, segments, out);
        });
      }),
    );
  });
});

describe.each(Object.entries(kernels))('%s', (_, kernelsOf) => {
  it('adds up the rows of a bag, as torch.ops.quantized.embedding_bag_4bit_rowwise_offsets does', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const { lookupAffine } = kernelsOf(memory);
    // torch 2.15: embedding_bag_4bit_prepack of [[-1, 0.25, 0.5, 2], [0, 1, 2, 3.75]], whose rows are
    // 60 f8: codes 0 6 8 15, scale 0.2 as a half, bias -1; 40 f8: codes 0 4 8 15, scale 0.25, bias 0.
    const bytes = new Uint8Array(memory.buffer);
    bytes.set([0x60, 0xf8, 0x66, 0x32, 0x00, 0xbc, 0x40, 0xf8, 0x00, 0x34, 0x00, 0x00], 64);
    new Uint32Array(memory.buffer, 128, 3).set([0, 1, 0]);
    new Uint32Array(memory.buffer, 160, 4).set([0, 2, 2, 3]);
    lookupAffine(64, 6, 66, 68, 6, 2, 0, 4, 4, 128, 160, 3, 192);
    expect([...new Float32Array(memory.buffer, 192, 12)]).toEqual(
      [
        [-1, 1.19970703125, 2.599609375, 5.749267578125],
        [0, 0, 0, 0],
        [-1, 0.19970703125, 0.599609375, 1.999267578125],
      ].flat(),
    );
  });
});
