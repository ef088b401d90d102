// Rows for tests of quantizers: of several distributions, from generators; quantized, and read again as fp32.
import fc from 'fast-check';
import type {
  BlockKind,
  BlockOf,
  BlockQuantizer,
  QuantizedBlock,
  QuantizerSettings,
  QuantizerSpec,
} from '../src/posttraining/quantizer.js';
import { philox } from '../src/random/philox.js';
import { blockOf, blockValues, tableOf } from './quantized-rows.js';

/** Uniform numbers in (0, 1), always the same ones of a seed. */
export function uniforms(seed: number): () => number {
  const words = new Uint32Array(4);
  let drawn = 0;
  return () => {
    philox(words, 0, seed, 0, drawn++, 0, 0, 0);
    return (words[0] + 0.5) / 2 ** 32;
  };
}

/** Values (n, D) of rows that are Gaussian, Laplace, heavy-tailed and uniform, by turns. */
export function randomRows(n: number, dim: number, seed = 1): Float32Array {
  const uniform = uniforms(seed);
  const gaussian = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const distributions = [
    gaussian,
    () => Math.sign(uniform() - 0.5) * -Math.log(uniform()),
    () => gaussian() / Math.max(0.1, Math.abs(gaussian())),
    () => uniform(),
  ];
  return Float32Array.from({ length: n * dim }, (_, i) => 0.05 * distributions[Math.floor(i / dim) % 4]());
}

/** Any finite row of a width, also a constant one, one with an outlier, a tiny one. */
export function anyRow(dim: number): fc.Arbitrary<number[]> {
  const value = fc.oneof(
    fc.float({ min: -8, max: 8, noNaN: true }),
    fc.float({ min: Math.fround(-1e-6), max: Math.fround(1e-6), noNaN: true }),
    fc.constantFrom(0, 0.1, 0.3, 100),
  );
  return fc.oneof(
    fc.array(value, { minLength: dim, maxLength: dim }).map((row) => row.map(Math.fround)),
    value.map((constant) => Array<number>(dim).fill(Math.fround(constant))),
  );
}

/** A table quantized as one block, and read again: values (n, D) in fp32. */
export async function quantizeTyped<Kind extends BlockKind>(
  spec: QuantizerSpec<Kind>,
  values: Float32Array,
  settings: QuantizerSettings,
): Promise<{ block: BlockOf<Kind>; read: Float32Array; quantizer: BlockQuantizer<Kind> }> {
  const { dim } = settings;
  const quantizer = await spec.create(settings, tableOf(values, dim));
  const block = emptyBlock(spec.kind, values.length / dim, settings);
  quantizer.quantize(values, block, 0);
  return { block, read: readBlock(block, quantizer, settings), quantizer };
}

/** An empty block of n rows. */
export function emptyBlock<Kind extends BlockKind>(
  kind: Kind,
  n: number,
  { dim, bits }: QuantizerSettings,
): BlockOf<Kind> {
  return blockOf(kind, n, dim, bits) as BlockOf<Kind>;
}

/** The values (n, D) that a block stands for, in fp32. */
export function readBlock(
  block: QuantizedBlock,
  { codebooks }: BlockQuantizer,
  { dim, bits }: QuantizerSettings,
): Float32Array {
  return Float32Array.from(blockValues(block, dim, bits, codebooks));
}

/** (n), the l2 norm of each row's error, or of each row itself. */
export function rowNorms(values: Float32Array, dim: number, read?: Float32Array): number[] {
  const norms: number[] = [];
  for (let from = 0; from < values.length; from += dim) {
    let sum = 0;
    for (let at = from; at < from + dim; at++) sum += (values[at] - (read?.[at] ?? 0)) ** 2;
    norms.push(Math.sqrt(sum));
  }
  return norms;
}
