// `--format torch-rows`: the embeddings as the fused rows of PyTorch and FBGEMM (posttraining/layouts/torch-rows.ts), which
// embedding_bag_byte, _4bit and _2bit rowwise read. A .npy holds these alone; a .safetensors first-order weights and the
// network's too, and opens in bitrow as a file of `bitrow quantize` does.
//
// Rows of step · code become scale = step, bias = −step · 2^(M−1), which is the same value: step · (code − 2^(M−1)) is
// rounded once either way.
import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { UserError } from '../errors.js';
import { NpyWriter } from '../formats/npy-writer.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';
import { layouts } from '../posttraining/layouts/registry.js';
import { torchRowBytes } from '../posttraining/layouts/torch-rows.js';
import { type QuantizedBits, quantizedBits } from '../posttraining/quantizer.js';
import { fromHalf, toHalf } from '../quantization/half.js';
import { packedBytes } from '../quantization/packing.js';
import { aboutExport } from './about.js';
import type { Exporter, ExportSubject } from './exporter.js';
import { rowProgress } from './row-progress.js';
import { networkTensors } from './safetensors.js';
import type { ServedFormat, ServedTable } from './served-table.js';

/** Rows that a layout of scale and bias can hold. */
type FusedFormat = Extract<ServedFormat, { kind: 'symmetric' | 'affine' }> & { readonly bits: QuantizedBits };

export const torchRows: Exporter = {
  summary: 'fused rows of PyTorch and FBGEMM: codes, scale, bias',
  output: ['.safetensors', '.npy'],
  hasOperators: false,
  check(subject, out) {
    requireFused(subject.embedding);
    if (extname(out).toLowerCase() === '.npy' && subject.firstOrder) {
      throw new UserError(
        `The output '${out}' is a .npy file, which holds one array: this model has first-order weights too.`,
        'write a .safetensors file',
        2,
      );
    }
  },
  async write(subject, out, settings) {
    const { embedding, firstOrder } = subject;
    const { dim, cold, name } = embedding;
    const format = requireFused(embedding);
    const rowBytes = torchRowBytes(dim, format.bits);
    const report = rowProgress([embedding, ...(firstOrder ? [firstOrder] : [])], settings);
    const file = await openFile(subject, out, format, [cold.rows, rowBytes]);
    try {
      for await (const { rows, arrays } of cold.blocks()) {
        await file.write(name, fuse(format, arrays, rows, dim));
        report(rows);
      }
      if (firstOrder) {
        for await (const { rows, arrays } of firstOrder.cold.blocks()) {
          await file.write(`${firstOrder.name}.values`, arrays[0]);
          report(rows);
        }
      }
      await file.finish();
    } catch (error) {
      await file.abandon();
      throw error;
    }
    return { files: [out], bytes: statSync(out).size, parity: null };
  },
};

/** Bytes of rows: codes, then scale and bias, in fp32 at 8 bits and in fp16 below. */
export function fuse(
  format: FusedFormat,
  arrays: readonly TensorArray[],
  rows: number,
  dim: number,
): Uint8Array {
  const { bits } = format;
  const codeBytes = packedBytes(dim, bits);
  const rowBytes = torchRowBytes(dim, bits);
  const out = new Uint8Array(rows * rowBytes);
  const view = new DataView(out.buffer);
  const [codes, scales, biases] = arrays;
  const scaleAt = numberAt(format, scales);
  const biasAt =
    format.kind === 'affine' ? numberAt(format, biases) : (i: number) => -scaleAt(i) * 2 ** (bits - 1);
  for (let i = 0; i < rows; i++) {
    const at = i * rowBytes;
    out.set((codes as Uint8Array).subarray(i * codeBytes, (i + 1) * codeBytes), at);
    if (bits === 8) {
      view.setFloat32(at + codeBytes, scaleAt(i), true);
      view.setFloat32(at + codeBytes + 4, biasAt(i), true);
    } else {
      view.setUint16(at + codeBytes, toHalf(scaleAt(i)), true);
      view.setUint16(at + codeBytes + 2, toHalf(biasAt(i)), true);
    }
  }
  return out;
}

/** A row's number in an array of floats or halves; the one of all rows where there is no array. */
function numberAt(format: FusedFormat, numbers: TensorArray | undefined): (row: number) => number {
  if (numbers instanceof Float32Array) return (i) => numbers[i];
  if (numbers instanceof Uint16Array) return (i) => fromHalf(numbers[i]);
  const step = format.kind === 'symmetric' && typeof format.step === 'number' ? format.step : 0;
  return () => step;
}

/** @throws UserError for rows that are none of PyTorch's */
function requireFused({ cold, hot, dim }: ServedTable): FusedFormat {
  const { format } = cold;
  const refuse = (sentence: string, help: string) =>
    new UserError(`The format torch-rows ${sentence}.`, help, 2);
  const quantize = (bits: number) => `pass --quantize minmax --bits ${bits}`;
  if (hot) throw refuse('has one width for all rows, and this run has hot rows in more bits', quantize(8));
  if (format.kind === 'fp32')
    throw refuse('holds codes, and the rows of this run are fp32', 'pass --quantize greedy --bits 4');
  if (format.kind !== 'symmetric' && format.kind !== 'affine') {
    throw refuse(
      'holds a scale and a bias per row, not codebooks',
      'choose another --quantize, such as greedy',
    );
  }
  const bits = quantizedBits.find((known) => known === format.bits);
  if (bits === undefined) throw refuse(`has 8, 4 or 2 bits, and this run has ${format.bits}`, quantize(8));
  if ((dim * bits) % 8 !== 0) {
    throw refuse(
      `packs ${8 / bits} codes of ${bits} bits into a byte: the width, ${dim}, must be a multiple of ${8 / bits}`,
      'choose --format safetensors, which pads rows',
    );
  }
  const fused = { ...format, bits };
  if (sideOf(fused) === (bits === 8 ? 'F16' : 'F32')) {
    throw refuse(
      bits === 8
        ? 'has fp32 scales and biases at 8 bits, and those of this table are fp16'
        : `has fp16 scales and biases at ${bits} bits, and those of this table are fp32`,
      bits === 8
        ? 'train with method.stepType fp32, or leave out --side'
        : `train with --set method.stepType=fp16, or ${quantize(bits)}`,
    );
  }
  return fused;
}

/** What a table's numbers need: a step of all rows as fp16 where it is one. */
function sideOf(format: FusedFormat): 'F32' | 'F16' | 'either' {
  if (format.kind === 'affine') return format.side;
  if (typeof format.step !== 'number') return format.step;
  return fromHalf(toHalf(format.step)) === format.step ? 'either' : 'F32';
}

interface RowFile {
  write(name: string, chunk: TensorArray): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

async function openFile(
  subject: ExportSubject,
  out: string,
  { bits }: FusedFormat,
  shape: readonly [number, number],
): Promise<RowFile> {
  const { embedding, firstOrder, quantization } = subject;
  if (extname(out).toLowerCase() === '.npy') {
    const file = await NpyWriter.create(out, '|u1', shape);
    return {
      write: (_name, chunk) => file.write(chunk as Uint8Array),
      finish: () => file.finish(),
      abandon: () => file.abandon(),
    };
  }
  const network = networkTensors(subject);
  const { name, dim } = embedding;
  const side = bits === 8 ? 'fp32' : 'fp16';
  const method = quantization?.method ?? subject.run.directory.config.method.name;
  const file = await SafetensorsWriter.create(
    out,
    [
      { name, dtype: 'U8', shape },
      ...(firstOrder
        ? [{ name: `${firstOrder.name}.values`, dtype: 'F32' as const, shape: [firstOrder.cold.rows, 1] }]
        : []),
      ...network,
    ],
    {
      ...aboutExport(subject),
      // As `bitrow quantize --layout torch-rows` writes it, so that it opens as such a file.
      layout: 'torch-rows',
      version: String(layouts['torch-rows'].version),
      tables: JSON.stringify({
        [name]: { method, kind: 'affine', bits, side, dim, rows: shape[0], clusters: 0 },
      }),
    },
  );
  try {
    for (const tensor of network) await file.write(tensor.name, tensor.data);
  } catch (error) {
    await file.abandon();
    throw error;
  }
  return file;
}
