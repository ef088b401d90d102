// The numbers beside the codes, in fp32 or in the 16 bits of a half; and numbers of clusters, in as many bytes as they need.
import type { TensorArray } from '../../formats/safetensors-reader.js';
import { fromHalf, toHalf } from '../../quantization/half.js';

/** Numbers as stored: halves where they are to be kept in 16 bits. */
export function storeNumbers(values: Float32Array | Uint32Array, length: number, out: TensorArray): void {
  if (out instanceof BigInt64Array || out instanceof BigUint64Array) throw new TypeError('no such part');
  if (values instanceof Float32Array && out instanceof Uint16Array) {
    for (let i = 0; i < length; i++) out[i] = toHalf(values[i]);
  } else {
    for (let i = 0; i < length; i++) out[i] = values[i];
  }
}

/** The numbers that `storeNumbers` stored. */
export function readNumbers(stored: TensorArray, length: number, out: Float32Array | Uint32Array): void {
  const isHalf = stored instanceof Uint16Array && out instanceof Float32Array;
  for (let i = 0; i < length; i++) out[i] = isHalf ? fromHalf(stored[i]) : Number(stored[i]);
}
