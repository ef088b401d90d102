// Rows through a quantizer and back, for tests: a table in memory, a block with room to see what is written beyond it, and
// the values that a block stands for.
import type {
  BlockKind,
  QuantizedBits,
  QuantizedBlock,
  QuantizerSettings,
  QuantizerSpec,
  RowSource,
  Side,
} from '../src/posttraining/quantizer.js';

/** Values (V, D) as a table. */
export function tableOf(values: Float32Array, dim: number): RowSource {
  return {
    name: 'table',
    rows: values.length / dim,
    dim,
    async read(first, out) {
      out.set(values.subarray(first * dim, first * dim + out.length));
    },
  };
}

/** An empty block for n rows. */
export function blockOf(kind: BlockKind, rows: number, dim: number, bits: QuantizedBits): QuantizedBlock {
  const codes = new Uint8Array(rows * dim);
  switch (kind) {
    case 'affine':
      return { kind, codes, scales: new Float32Array(rows), biases: new Float32Array(rows) };
    case 'codebook':
      return { kind, codes, codebooks: new Float32Array(rows * 2 ** bits) };
    case 'clustered':
      return { kind, codes, clusters: new Uint32Array(rows) };
  }
}

/** A quantized table. */
export interface QuantizedRows {
  readonly block: QuantizedBlock;
  /** (K, 2^M), of clustered rows. */
  readonly codebooks: Float32Array | undefined;
  /** What the codes stand for (n, D), in float64. */
  readonly values: Float64Array;
}

/** The values (n, D) of a block, unrounded. */
export function blockValues(
  block: QuantizedBlock,
  dim: number,
  bits: QuantizedBits,
  codebooks?: Float32Array,
): Float64Array {
  return Float64Array.from(block.codes, (code, at) => {
    const row = Math.floor(at / dim);
    switch (block.kind) {
      case 'affine':
        return block.scales[row] * code + block.biases[row];
      case 'codebook':
        return block.codebooks[row * 2 ** bits + code];
      case 'clustered':
        return codebooks?.[block.clusters[row] * 2 ** bits + code] ?? Number.NaN;
    }
  });
}

/** The settings, with a calibration where the quantizer asks for one: the logit looks at all elements, and a little at their sum. */
export function calibrated(spec: QuantizerSpec, settings: QuantizerSettings): QuantizerSettings {
  if (!spec.needsCalibration) return settings;
  const { dim } = settings;
  const moment = Float64Array.from({ length: dim * dim }, (_, i) => (i % (dim + 1) === 0 ? 1 : 0.05));
  return { ...settings, calibration: { dim, moment: () => moment } };
}

/** Quantizes the rows `values` (n, D) of `table`, by default their own, as one block. */
export async function quantizeRows(
  spec: QuantizerSpec,
  values: Float32Array,
  settings: { dim: number; bits: QuantizedBits; side: Side },
  table: RowSource = tableOf(values, settings.dim),
): Promise<QuantizedRows> {
  const { dim, bits } = settings;
  const quantizer = await spec.create(calibrated(spec, settings), table);
  const block = blockOf(spec.kind, values.length / dim, dim, bits);
  quantizer.quantize(values, block, 0);
  const { codebooks } = quantizer;
  return { block, codebooks, values: blockValues(block, dim, bits, codebooks) };
}

/** The l2 norm of what each row loses, and its own, (n) each. */
export function rowErrors(rows: Float32Array, values: Float64Array, dim: number) {
  const errors: number[] = [];
  const norms: number[] = [];
  for (let from = 0; from < rows.length; from += dim) {
    let error = 0;
    let norm = 0;
    for (let at = from; at < from + dim; at++) {
      error += (rows[at] - values[at]) ** 2;
      norm += rows[at] ** 2;
    }
    errors.push(Math.sqrt(error));
    norms.push(Math.sqrt(norm));
  }
  return { errors, norms };
}
