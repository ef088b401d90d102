// Decodes tables of `bitrow export --format safetensors` by the formulas of docs/export.md, as another program would.
import { SafetensorsReader } from '../src/formats/safetensors-reader.js';
import { fromHalf } from '../src/quantization/half.js';

/** The values of a tier by the formulas of docs/export.md, as another program would compute them. */
export async function decode(path: string, name: string, dim: number): Promise<Float32Array> {
  const file = await SafetensorsReader.open(path);
  try {
    const array = async (suffix: string) => {
      const { data } = await file.readTensor(`${name}.${suffix}`);
      const isHalf = file.tensors.get(`${name}.${suffix}`)?.dtype === 'F16';
      return isHalf ? Float32Array.from(data as Uint16Array, fromHalf) : data;
    };
    if (file.tensors.has(`${name}.values`)) return Float32Array.from((await array('values')) as Float32Array);
    const { bits, roundings } = formulaOf(file.metadata, name);
    const packed = (await array('codes')) as Uint8Array | Uint16Array;
    const rowBytes = Math.ceil((dim * bits) / 8);
    const count = bits === 16 ? packed.length / dim : packed.length / rowBytes;
    const codeAt = (row: number, j: number) => {
      if (bits >= 8) return packed[row * dim + j];
      return (packed[row * rowBytes + Math.floor((j * bits) / 8)] >> ((j * bits) % 8)) & (2 ** bits - 1);
    };
    const isAffine = file.tensors.has(`${name}.scale`);
    const scales = (await array(isAffine ? 'scale' : 'step')) as Float32Array;
    const biases = isAffine ? ((await array('bias')) as Float32Array) : null;
    return Float32Array.from({ length: count * dim }, (_, i) => {
      const row = Math.floor(i / dim);
      const scale = scales.length === 1 ? scales[0] : scales[row];
      const code = codeAt(row, i % dim);
      if (!biases) return scale * (code - 2 ** (bits - 1));
      return roundings === 2 ? Math.fround(scale * code) + biases[row] : scale * code + biases[row];
    });
  } finally {
    await file.close();
  }
}

/** Bits, and how often affine values are rounded, as the metadata says. */
function formulaOf(metadata: Readonly<Record<string, string>>, name: string) {
  return JSON.parse(metadata.tables)[name] as { bits: number; roundings?: number };
}
