// The dense parameters as one vector: where each lies, and its initial numbers. Every parameter starts at a
// multiple of 16 floats, and the vector is whole blocks of DENSE_BLOCK floats, which are to the optimizer what
// rows are of a table.
import { philox } from '../random/philox.js';
import { Stream, seedKey, streamWord, tableWord } from '../random/streams.js';
import { deviate, deviateScale } from '../random/uniform.js';
import type { Model } from './model.js';

/** Floats of a block: the width of a row to the optimizer, and what threads share out. */
export const DENSE_BLOCK = 256;
const ALIGNMENT = 16;
/** The table word of dense parameters: no table has this number. */
const DENSE_TABLE = 0xffff;

/** One parameter's place in the vector. */
export interface DenseEntry {
  name: string;
  shape: readonly number[];
  /** In floats. */
  offset: number;
  length: number;
}

/** All parameters in the order the model declares them. */
export interface DenseLayout {
  entries: DenseEntry[];
  /** Floats in all, padding included. */
  length: number;
}

/** Where a model's parameters lie. */
export function denseLayout(model: Model): DenseLayout {
  let end = 0;
  const entries = model.parameters.map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const offset = end;
    end = Math.ceil((end + length) / ALIGNMENT) * ALIGNMENT;
    return { name, shape, offset, length };
  });
  return { entries, length: Math.ceil(end / DENSE_BLOCK) * DENSE_BLOCK };
}

/** Draws the initial parameters into `out` (layout.length); padding stays 0. */
export function initializeDense(
  model: Model,
  { entries }: DenseLayout,
  seed: number,
  out: Float32Array,
): void {
  const words = new Uint32Array(4);
  const [keyLow, keyHigh] = seedKey(seed);
  for (const [index, { initial }] of model.parameters.entries()) {
    const { offset, length } = entries[index];
    const values = out.subarray(offset, offset + length);
    if ('constant' in initial) {
      values.fill(initial.constant);
      continue;
    }
    const scale = deviateScale(initial.deviation);
    for (let j = 0; j < length; j++) {
      const first = (j & 1) * 2;
      // Two numbers from each block; the block's number takes the place of the id.
      if (first === 0) {
        philox(
          words,
          0,
          keyLow,
          keyHigh,
          0,
          tableWord(DENSE_TABLE, index),
          j >> 1,
          streamWord(Stream.init, 0),
        );
      }
      values[j] = deviate(words[first], words[first + 1], scale);
    }
  }
}
