// Specification of the kernels that draw random numbers.
import { philox } from '../random/philox.js';
import { Stream, streamWord, tableWord } from '../random/streams.js';
import { deviate, uniform } from '../random/uniform.js';
import type { ShardHeader } from './header.js';
import type { BatchKernels } from './kernels.js';

const words = new Uint32Array(4);

/** A row's place in the random counter: its table and vocabulary, and its id within the vocabulary. */
function counterOf(header: ShardHeader, offsets: Uint32Array, row: number): { table: number; id: number } {
  let vocabulary = 0;
  while (offsets[vocabulary + 1] <= row) vocabulary++;
  return { table: tableWord(header.tableNumber, vocabulary), id: row - offsets[vocabulary] };
}

/** The initial values of a row, `out` (D): two deviates from each block of four words, around 0 or 1. */
export function drawInitial(header: ShardHeader, offsets: Uint32Array, row: number, out: Float32Array): void {
  const { table, id } = counterOf(header, offsets, row);
  for (let j = 0; j < out.length; j++) {
    philox(words, 0, header.seedLow, header.seedHigh, 0, table, id, streamWord(Stream.init, j >> 1));
    const first = (j & 1) * 2;
    out[j] = deviate(words[first], words[first + 1], header.initialScale);
    if (row >= header.onesFrom) out[j] += 1;
  }
}

/** Random words of a row in one training step: one for each element of `out`. */
export function drawWords(
  header: ShardHeader,
  offsets: Uint32Array,
  row: number,
  trainingStep: number,
  stream: Stream,
  out: Uint32Array,
): void {
  const { table, id } = counterOf(header, offsets, row);
  for (let j = 0; j < out.length; j++) {
    philox(words, 0, header.seedLow, header.seedHigh, trainingStep, table, id, streamWord(stream, j >> 2));
    out[j] = words[j & 3];
  }
}

/** The rounding uniforms of a row in one training step, `out` (D): one word an element. */
export function drawUniforms(
  header: ShardHeader,
  offsets: Uint32Array,
  row: number,
  trainingStep: number,
  stream: Stream,
  out: Float32Array,
): void {
  const drawn = new Uint32Array(out.length);
  drawWords(header, offsets, row, trainingStep, stream, drawn);
  out.set(Array.from(drawn, uniform));
}

/** See `BatchKernels.dropoutMask`. */
export function referenceDropout(memory: WebAssembly.Memory): Pick<BatchKernels, 'dropoutMask'> {
  return {
    dropoutMask(out, _work, rows, width, firstBatchRow, keyLow, keyHigh, step, layer, stream, keep, scale) {
      const mask = new Float32Array(memory.buffer, out, rows * width);
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < width; j++) {
          philox(
            words,
            0,
            keyLow,
            keyHigh,
            step,
            layer,
            firstBatchRow + r,
            streamWord(stream as Stream, j >> 2),
          );
          mask[r * width + j] = uniform(words[j & 3]) < Math.fround(keep) ? scale : 0;
        }
      }
    },
  };
}
