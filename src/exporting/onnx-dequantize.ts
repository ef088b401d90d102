// The rows of a tier as ONNX operators: codes are gathered first and dequantized after. The other way round, onnxruntime
// folds the dequantization of the constant table into an fp32 table when it loads the model.
//
//   8, 16 bits   Gather codes → Cast → Mul step
//   4, 2 bits    Gather bytes → Gather, of a table (256, codes a byte), the numbers that a byte stands for → Mul step
//                or GatherBlockQuantized (com.microsoft), which wants an fp32 step in each row
//   affine       as above, unsigned; where the sum alone is rounded, scale · code + bias is computed in float64
//   codebooks    GatherElements of the row's codebook by its codes
//
// Which bytes an initializer gets is said here too, since signs of wide codes differ from those of a stored table.
import type { Dtype } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { type OnnxType, onnxTypeNumber } from '../graph/onnx-model.js';
import { readNumbers } from '../posttraining/layouts/side-numbers.js';
import type { CodeBits } from '../quantization/grid.js';
import type { OperatorSet } from './exporter.js';
import type { OnnxNodes } from './onnx-nodes.js';
import { type ServedFormat, type ServedPart, type ServedTier, servedParts } from './served-table.js';

/** An array of a tier and the initializer that it becomes. */
export interface OnnxPart extends ServedPart {
  readonly initializer: string;
  readonly type: OnnxType;
  /** The bytes of the initializer, of some rows; may be those of the array itself. */
  encode(array: TensorArray): Uint8Array;
}

/** A tier in a model: from rows, int64 of any shape (…), to values (…, D). */
export interface OnnxTier {
  readonly parts: readonly OnnxPart[];
  dequantize(rows: string, rank: number): string;
}

const onnxTypes = {
  U8: 'uint8',
  U16: 'uint16',
  U32: 'uint32',
  F16: 'float16',
  F32: 'float32',
} as const satisfies Partial<Record<Dtype, OnnxType>>;

/** Declares the initializers of a tier. */
export function onnxTier(
  nodes: OnnxNodes,
  name: string,
  { rows, format }: ServedTier,
  dim: number,
  operators: OperatorSet,
): OnnxTier {
  const isContrib = operators === 'auto' && fitsGatherBlockQuantized(format);
  const parts = servedParts(format, dim).map((part) =>
    declare(nodes, name, part, rows, isSigned(format, part)),
  );
  const [first, ...sides] = parts.map(({ initializer }) => initializer);
  const float = onnxTypeNumber('float32');
  const gather = (table: string, at: string) => nodes.node('Gather', [table, at], { axis: 0 });
  const side = (table: string, at: string) => {
    const gathered = gather(table, at);
    return parts.some(({ initializer, type }) => initializer === table && type === 'float16')
      ? nodes.node('Cast', [gathered], { to: float })
      : gathered;
  };
  /** Numbers (…, D) of the codes: those that `numberOf` gives, as floats or whole numbers. */
  const codeNumbers = (at: string, rank: number, bits: CodeBits, numberOf: (code: number) => number) =>
    bits === 8 || bits === 16
      ? nodes.node('Cast', [gather(first, at)], { to: float })
      : unpack(nodes, gather(first, at), { rank, bits, dim }, numberOf);

  const dequantize = (at: string, rank: number): string => {
    switch (format.kind) {
      case 'fp32':
        return gather(first, at);
      case 'symmetric': {
        const { bits, step } = format;
        if (isContrib) return gatherBlockQuantized(nodes, first, sides[0], at, { rank, bits, dim });
        const half = 2 ** (bits - 1);
        if (typeof step !== 'number') {
          return nodes.node('Mul', [codeNumbers(at, rank, bits, (code) => code - half), side(sides[0], at)]);
        }
        if (bits === 4 || bits === 2)
          return codeNumbers(at, rank, bits, (code) => Math.fround(step * (code - half)));
        return nodes.node('Mul', [codeNumbers(at, rank, bits, Number), nodes.floats([step], [])]);
      }
      case 'affine': {
        const codes = codeNumbers(at, rank, format.bits, Number);
        const [scale, bias] = sides.map((table) => side(table, at));
        if (format.roundings === 2) return nodes.node('Add', [nodes.node('Mul', [codes, scale]), bias]);
        const to = onnxTypeNumber('float64');
        const [c, s, b] = [codes, scale, bias].map((one) => nodes.node('Cast', [one], { to }));
        return nodes.node('Cast', [nodes.node('Add', [nodes.node('Mul', [c, s]), b])], { to: float });
      }
      case 'codebook':
      case 'clustered': {
        const codes = codeNumbers(at, rank, format.bits, Number);
        const indices = nodes.node('Cast', [codes], { to: onnxTypeNumber('int64') });
        const books =
          format.kind === 'codebook' ? side(sides[0], at) : gatherBooks(nodes, format, gather(sides[0], at));
        return nodes.node('GatherElements', [books, indices], { axis: rank });
      }
      default:
        return format satisfies never;
    }
  };
  return { parts, dequantize };
}

/** Rows of codes that a byte holds several of, each row with a step in fp32. */
export function fitsGatherBlockQuantized(format: ServedFormat): boolean {
  return format.kind === 'symmetric' && format.step === 'F32' && format.bits < 8;
}

interface Packed {
  rank: number;
  bits: CodeBits;
  dim: number;
}

/** Numbers (…, D) of packed codes (…, bytes), by a table of what each byte stands for. */
function unpack(
  nodes: OnnxNodes,
  bytes: string,
  { rank, bits, dim }: Packed,
  numberOf: (code: number) => number,
): string {
  const perByte = 8 / bits;
  const numbers = Float32Array.from({ length: 256 * perByte }, (_, i) =>
    numberOf((Math.floor(i / perByte) >> (bits * (i % perByte))) & (2 ** bits - 1)),
  );
  const indices = nodes.node('Cast', [bytes], { to: onnxTypeNumber('int32') });
  const found = nodes.node('Gather', [nodes.floats(numbers, [256, perByte]), indices], { axis: 0 });
  const width = Math.ceil(dim / perByte) * perByte;
  const flat = nodes.node('Reshape', [found, nodes.integers([...new Array<number>(rank).fill(0), width])]);
  return cut(nodes, flat, rank, dim, width);
}

/** The first D of `width` columns. */
function cut(nodes: OnnxNodes, values: string, rank: number, dim: number, width: number): string {
  if (dim === width) return values;
  return nodes.node('Slice', [values, ...[[0], [dim], [rank]].map((one) => nodes.integers(one))]);
}

/** The smallest block that the operator has and that holds a row: one step a row. */
function gatherBlockQuantized(
  nodes: OnnxNodes,
  codes: string,
  steps: string,
  at: string,
  { rank, bits, dim }: Packed,
): string {
  const values = nodes.contrib('GatherBlockQuantized', [codes, at, steps], {
    bits,
    block_size: 2 ** Math.ceil(Math.log2(Math.max(16, dim))),
    gather_axis: 0,
    quantize_axis: 1,
  });
  return cut(nodes, values, rank, dim, Math.ceil((dim * bits) / 8) * (8 / bits));
}

/** The codebooks (…, 2^M) of clusters (…). */
function gatherBooks(
  nodes: OnnxNodes,
  { codebooks, bits }: Extract<ServedFormat, { kind: 'clustered' }>,
  clusters: string,
): string {
  const values = new Float32Array(codebooks.length);
  readNumbers(codebooks, values.length, values);
  const indices = nodes.node('Cast', [clusters], { to: onnxTypeNumber('int64') });
  return nodes.node('Gather', [nodes.floats(values, [values.length / 2 ** bits, 2 ** bits]), indices], {
    axis: 0,
  });
}

/** Codes of whole bytes that stand around 0: ONNX has types for those, so that nothing is to be subtracted. */
function isSigned(format: ServedFormat, { suffix }: ServedPart): boolean {
  return format.kind === 'symmetric' && suffix === 'codes' && format.bits >= 8;
}

function declare(nodes: OnnxNodes, table: string, part: ServedPart, rows: number, signed: boolean): OnnxPart {
  const { suffix, dtype, width } = part;
  if (!Object.hasOwn(onnxTypes, dtype)) throw new Error(`No table has ${dtype}.`);
  const unsigned = onnxTypes[dtype as keyof typeof onnxTypes];
  const type: OnnxType = !signed ? unsigned : unsigned === 'uint16' ? 'int16' : 'int8';
  const bytes = dtype === 'U8' ? 1 : dtype === 'U16' || dtype === 'F16' ? 2 : 4;
  // A number for the whole row stands in a column of its own, so that it multiplies all of the row.
  const shape = suffix === 'cluster' ? [rows] : [rows, width];
  return {
    ...part,
    type,
    initializer: nodes.later(`${table}/${suffix}`, type, shape, rows * width * bytes),
    encode: signed ? withSign : bytesOf,
  };
}

/** Unsigned codes as signed ones: the highest bit the other way round. */
function withSign(array: TensorArray): Uint8Array {
  if (array instanceof Uint8Array) return array.map((code) => code ^ 0x80);
  if (array instanceof Uint16Array) return bytesOf(array.map((code) => code ^ 0x8000));
  throw new TypeError('Codes are whole numbers.');
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
