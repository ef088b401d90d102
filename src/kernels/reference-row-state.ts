// Specification of how kernels find the moments of a row, and store them: the arithmetic is quantization/moments.ts.
import {
  bfloatBits,
  bfloatValue,
  firstCode,
  firstGrid,
  momentBytes,
  momentType,
  type StateType,
  scaleExponent,
  scaleOf,
  secondCode,
  secondGrid,
  secondValue,
  stateTypes,
} from '../quantization/moments.js';
import type { Stream } from '../random/streams.js';
import { uniform } from '../random/uniform.js';
import { readHeader } from './header.js';
import type { OptimizerKernels } from './kernels.js';
import { drawWords } from './reference-random.js';
import { MOST_UPDATES, stateNumbers } from './row-state.js';

/** The moments of one row as fp32 numbers, and a way to store them. */
export interface OpenState {
  /** (D), or null where the rule has none. */
  first: Float32Array | null;
  second: Float32Array;
  /** Counts this update, in a state that counts. @returns the row's updates with it */
  countUpdate(): number;
  close(): void;
}

/** `bindState`, and the states of rows by what was bound last: `width` second moments. */
export function referenceRowStates(memory: WebAssembly.Memory): Pick<OptimizerKernels, 'bindState'> & {
  open(row: number, dim: number, width: number): OpenState;
} {
  const view = new DataView(memory.buffer);
  let bound: Parameters<OptimizerKernels['bindState']> = [0, 0, 0, 0, 0, 0, 0, 0];

  /** `width` moments at an address. */
  function load(type: StateType, isFirst: boolean, at: number, width: number): Float32Array {
    const stored = momentType(type, width);
    if (stored === 'fp32') {
      return Float32Array.from({ length: width }, (_, j) => view.getFloat32(at + 4 * j, true));
    }
    if (stored === 'bf16') {
      return Float32Array.from({ length: width }, (_, j) => bfloatValue(view.getUint16(at + 2 * j, true)));
    }
    const exponent = view.getUint8(at);
    return Float32Array.from({ length: width }, (_, j) =>
      isFirst
        ? view.getInt8(at + 1 + j) * scaleOf(exponent)
        : secondValue(view.getUint8(at + 1 + j), exponent),
    );
  }

  function store(
    type: StateType,
    isFirst: boolean,
    at: number,
    moments: Float32Array,
    /** A random word for each, drawn when needed. */
    draw: () => Uint32Array,
  ): void {
    const stored = momentType(type, moments.length);
    if (stored === 'fp32') {
      for (const [j, x] of moments.entries()) view.setFloat32(at + 4 * j, x, true);
      return;
    }
    const words = draw();
    if (stored === 'bf16') {
      for (const [j, x] of moments.entries()) view.setUint16(at + 2 * j, bfloatBits(x, words[j]), true);
      return;
    }
    const largest = Math.max(...moments.map(Math.abs));
    const exponent = isFirst
      ? scaleExponent(largest, firstGrid)
      : scaleExponent(Math.fround(Math.sqrt(largest)), secondGrid);
    view.setUint8(at, exponent);
    for (const [j, x] of moments.entries()) {
      const u = uniform(words[j]);
      if (isFirst) view.setInt8(at + 1 + j, firstCode(x, exponent, u));
      else view.setUint8(at + 1 + j, secondCode(x, exponent, u));
    }
  }

  return {
    bindState(...state) {
      bound = state;
    },

    open(row, dim, width) {
      const [states, stride, firstRow, number, hasFirst, trainingStep, firstStream, secondStream] = bound;
      const type = stateTypes.find((name) => stateNumbers[name] === number) ?? 'fp32';
      const at = states + (row - firstRow) * stride;
      const secondAt = at + (hasFirst ? momentBytes(type, dim) : 0);
      const countAt = secondAt + momentBytes(type, width);
      const first = hasFirst ? load(type, true, at, dim) : null;
      const second = load(type, false, secondAt, width);
      const words = (stream: number, length: number) => () => {
        const header = readHeader(memory);
        const offsets = new Uint32Array(memory.buffer, header.offsets, header.vocabularies + 1);
        const drawn = new Uint32Array(length);
        drawWords(header, offsets, row, trainingStep, stream as Stream, drawn);
        return drawn;
      };
      return {
        first,
        second,
        countUpdate() {
          const updates = Math.min(MOST_UPDATES, view.getUint16(countAt, true) + 1);
          view.setUint16(countAt, updates, true);
          return updates;
        },
        close() {
          if (first) store(type, true, at, first, words(firstStream, dim));
          store(type, false, secondAt, second, words(secondStream, width));
        },
      };
    },
  };
}
