// Specification of the kernels that read and write a table's rows, in terms of quantization/.
import { codeOffset, forwardValue, stepDerivative } from '../quantization/code-update.js';
import { type Grid, grid, limit, type StoredBits } from '../quantization/grid.js';
import { fromHalf, roundStep, roundToHalf, toHalf } from '../quantization/half.js';
import {
  nestedOrigin,
  nestedSlope,
  passesNested,
  servedCode,
  servedGrid,
} from '../quantization/nested-grid.js';
import { packCodes, unpackCodes } from '../quantization/packing.js';
import { roundHalfEven, roundHalfUp, roundStochastic } from '../quantization/rounding.js';
import {
  gridOfRange,
  type RowGrid,
  rowRanges,
  type StepBytes,
  storedStep,
} from '../quantization/row-grid.js';
import type { Stream } from '../random/streams.js';
import { FULL_BITS, NO_ROW_STEP, rangeNumbers, readHeader } from './header.js';
import type { RowKernels } from './kernels.js';
import { drawInitial, drawUniforms } from './reference-random.js';

/** Four lanes, element j to lane j mod 4, then (0 + 1) + (2 + 3): the one order of a sum over D. */
export function laneSum(terms: ArrayLike<number>): number {
  const lanes = [0, 0, 0, 0];
  for (let j = 0; j < terms.length; j++) lanes[j & 3] = Math.fround(lanes[j & 3] + terms[j]);
  return Math.fround(Math.fround(lanes[0] + lanes[1]) + Math.fround(lanes[2] + lanes[3]));
}

/** See `RowKernels`. */
export function referenceRowKernels(memory: WebAssembly.Memory): RowKernels {
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
  const rowList = (at: number, count: number) => new Uint32Array(memory.buffer, at, count);
  let header = readHeader(memory);
  let offsets: Uint32Array = new Uint32Array();

  const isFull = () => header.bits === FULL_BITS;
  const bits = () => header.bits as StoredBits;
  const record = (row: number) => header.records + (row - header.firstRow) * header.recordBytes;
  const bitmapByte = (row: number) => header.written + ((row - header.firstRow) >> 3);
  const bitmapBit = (row: number) => 1 << ((row - header.firstRow) & 7);
  const isWritten = (row: number) => (bytes[bitmapByte(row)] & bitmapBit(row)) !== 0;
  const range = () => rowRanges.find((name) => rangeNumbers[name] === header.rowRange);
  /** k of nested codes. The grid of a row is that of its stored codes, what is written down is the served step. */
  const shift = () => header.nestedShift;
  const fineStep = (step: number) => step / 2 ** shift();
  const servedStep = (step: number) => step * 2 ** shift();
  /** The code that stands for the bias. */
  const origin = () => (range() === 'affine' ? grid(bits()).lowest : nestedOrigin(shift()));
  /** Codes counted from there lie on this grid. */
  const counted = (): Grid => {
    const { lowest, highest } = grid(bits());
    return { lowest: lowest - origin(), highest: highest - origin() };
  };
  const hasRowStep = () => header.stepOffset !== NO_ROW_STEP;
  const stepBytes = () => header.stepBytes as StepBytes;
  const asStored = (step: number) => (hasRowStep() ? storedStep(step, stepBytes()) : step);
  const firstGrid = (): RowGrid => ({ step: fineStep(asStored(header.tableStep)), bias: 0 });
  const loadStep = (at: number) =>
    stepBytes() === 2 ? fromHalf(view.getUint16(at, true)) : view.getFloat32(at, true);
  const storeStep = (at: number, step: number) => {
    if (stepBytes() === 2) view.setUint16(at, toHalf(step), true);
    else view.setFloat32(at, step, true);
  };

  const storedBias = (bias: number) => (stepBytes() === 2 ? roundToHalf(bias, roundHalfEven) : bias);

  function initialRow(row: number): RowGrid & { codes: Float32Array } {
    const values = new Float32Array(header.dim);
    drawInitial(header, offsets, row, values);
    const chosen = range();
    const { step, bias } = chosen
      ? gridOfRange(chosen, values, bits(), firstGrid(), stepBytes())
      : firstGrid();
    const { lowest, highest } = counted();
    const codes = values.map(
      (value) =>
        origin() + roundHalfUp(limit(Math.fround(Math.fround(value - bias) / step), lowest, highest)),
    );
    return { codes, step, bias };
  }

  function rowOf(row: number): RowGrid & { codes: Float32Array } {
    if (!isWritten(row)) return initialRow(row);
    const codes = new Float32Array(header.dim);
    unpackCodes(bytes, record(row), bits(), codes);
    const { step, bias } = firstGrid();
    const at = record(row) + header.stepOffset;
    return {
      codes,
      step: hasRowStep() ? fineStep(loadStep(at)) : step,
      bias: range() === 'affine' ? loadStep(at + stepBytes()) : bias,
    };
  }

  function writeRow(row: number, codes: Float32Array, { step, bias }: RowGrid): void {
    packCodes(codes, bits(), bytes, record(row));
    const at = record(row) + header.stepOffset;
    if (hasRowStep()) storeStep(at, servedStep(step));
    if (range() === 'affine') storeStep(at + stepBytes(), bias);
  }

  /** The row's grid after an update: where it has no step or bias of its own, as it was. */
  function newGridOf(row: number, newSteps: number, newBiases: number, i: number): RowGrid {
    const { step, bias } = rowOf(row);
    return {
      step: hasRowStep() ? fineStep(asStored(floats(newSteps + 4 * i, 1)[0])) : step,
      bias: range() === 'affine' ? storedBias(floats(newBiases + 4 * i, 1)[0]) : bias,
    };
  }

  /** How far each code of a row would move on the new grid. */
  function offsetsOf(row: number, moves: Float32Array, to: RowGrid): Float32Array {
    const { codes, step, bias } = rowOf(row);
    return codes.map((code, j) => {
      const change = Math.fround(moves[j] + Math.fround(bias - to.bias));
      return codeOffset(code - origin(), change, step, to.step, counted());
    });
  }

  return {
    bind(_work, at) {
      header = readHeader(memory, at);
      offsets = new Uint32Array(memory.buffer, header.offsets, header.vocabularies + 1);
    },

    fetchRows() {},
    touchRows(rows, count) {
      for (const row of rowList(rows, count)) {
        if (isWritten(row)) continue;
        if (isFull()) {
          const values = new Float32Array(header.dim);
          drawInitial(header, offsets, row, values);
          bytes.set(new Uint8Array(values.buffer), record(row));
          if (hasRowStep()) storeStep(record(row) + header.stepOffset, firstGrid().step);
        } else {
          const { codes, ...rowGrid } = initialRow(row);
          writeRow(row, codes, rowGrid);
        }
        bytes[bitmapByte(row)] |= bitmapBit(row);
      }
    },

    readRows(rows, count, values) {
      const { dim } = header;
      for (const [i, row] of rowList(rows, count).entries()) {
        const out = floats(values + i * dim * 4, dim);
        if (isFull()) {
          if (isWritten(row))
            for (let j = 0; j < dim; j++) out[j] = view.getFloat32(record(row) + 4 * j, true);
          else drawInitial(header, offsets, row, out);
        } else {
          const { codes, step, bias } = rowOf(row);
          for (let j = 0; j < dim; j++) out[j] = Math.fround(step * (codes[j] - origin())) + bias;
        }
      }
    },

    readServed(rows, count, values) {
      const { dim } = header;
      for (const [i, row] of rowList(rows, count).entries()) {
        const { codes, step } = rowOf(row);
        const out = floats(values + i * dim * 4, dim);
        for (let j = 0; j < dim; j++) out[j] = servedStep(step) * servedCode(codes[j], shift());
      }
    },

    nestedGradient(rows, count, dValues, scale, inside, dSteps) {
      const { dim } = header;
      const ends = servedGrid(bits(), shift());
      const out = floats(dSteps, count);
      for (const [i, row] of rowList(rows, count).entries()) {
        const { codes } = rowOf(row);
        const upstream = floats(dValues + i * dim * 4, dim);
        const terms = Array.from(codes, (code, j) =>
          Math.fround(upstream[j] * nestedSlope(code, shift(), ends)),
        );
        out[i] = Math.fround(scale) * laneSum(terms);
        if (!inside) continue;
        for (let j = 0; j < dim; j++) if (!passesNested(codes[j], shift(), ends)) upstream[j] = 0;
      }
    },

    readSteps(rows, count, steps) {
      const out = floats(steps, count);
      for (const [i, row] of rowList(rows, count).entries()) {
        if (!isFull()) out[i] = servedStep(rowOf(row).step);
        else if (!hasRowStep() || !isWritten(row)) out[i] = firstGrid().step;
        else out[i] = loadStep(record(row) + header.stepOffset);
      }
    },

    readBiases(rows, count, biases) {
      const out = floats(biases, count);
      for (const [i, row] of rowList(rows, count).entries()) out[i] = isFull() ? 0 : rowOf(row).bias;
    },

    writeValues(rows, count, change) {
      const { dim } = header;
      for (const [i, row] of rowList(rows, count).entries()) {
        const moves = floats(change + i * dim * 4, dim);
        for (let j = 0; j < dim; j++) {
          const at = record(row) + 4 * j;
          view.setFloat32(at, view.getFloat32(at, true) + moves[j], true);
        }
      }
    },

    writeSteps(rows, count, steps) {
      const list = floats(steps, count);
      for (const [i, row] of rowList(rows, count).entries()) {
        storeStep(record(row) + header.stepOffset, asStored(list[i]));
      }
    },

    roundSteps(rows, count, steps, trainingStep, stream, isStochastic) {
      if (stepBytes() !== 2) return;
      const list = floats(steps, count);
      const uniforms = new Float32Array(1);
      for (const [i, row] of rowList(rows, count).entries()) {
        drawUniforms(header, offsets, row, trainingStep, stream as Stream, uniforms);
        list[i] = roundStep(
          list[i],
          isStochastic ? (units) => roundStochastic(units, uniforms[0]) : roundHalfEven,
        );
      }
    },

    forwardRows(rows, count, change, values) {
      const { dim } = header;
      for (const [i, row] of rowList(rows, count).entries()) {
        const { codes, step } = rowOf(row);
        const moves = floats(change + i * dim * 4, dim);
        const out = floats(values + i * dim * 4, dim);
        for (let j = 0; j < dim; j++) out[j] = forwardValue(codes[j], moves[j], step, grid(bits()));
      }
    },

    stepGradient(rows, count, change, dValues, scale, dSteps) {
      const { dim } = header;
      const out = floats(dSteps, count);
      for (const [i, row] of rowList(rows, count).entries()) {
        const moves = floats(change + i * dim * 4, dim);
        const upstream = floats(dValues + i * dim * 4, dim);
        const { codes, step } = rowOf(row);
        const terms = Array.from(codes, (code, j) =>
          Math.fround(upstream[j] * stepDerivative(code, moves[j], step, grid(bits()))),
        );
        out[i] = laneSum(terms) * Math.fround(scale);
      }
    },

    fitRows(rows, count, change, newSteps, newBiases) {
      const { dim } = header;
      const [steps, biases] = [floats(newSteps, count), floats(newBiases, count)];
      for (const [i, row] of rowList(rows, count).entries()) {
        const moves = floats(change + i * dim * 4, dim);
        const { codes, ...present } = rowOf(row);
        const values = codes.map((code, j) =>
          Math.fround(Math.fround(Math.fround(present.step * (code - origin())) + present.bias) + moves[j]),
        );
        const chosen = range();
        const isMoved = moves.some((move) => move !== 0);
        const to = chosen && isMoved ? gridOfRange(chosen, values, bits(), present, stepBytes()) : present;
        steps[i] = to.step;
        biases[i] = to.bias;
      }
    },

    writeCodes(rows, count, change, newSteps, newBiases, trainingStep, stream, isStochastic) {
      const { dim } = header;
      const uniforms = new Float32Array(dim);
      for (const [i, row] of rowList(rows, count).entries()) {
        const to = newGridOf(row, newSteps, newBiases, i);
        const moved = offsetsOf(row, floats(change + i * dim * 4, dim), to);
        if (isStochastic) drawUniforms(header, offsets, row, trainingStep, stream as Stream, uniforms);
        const codes = rowOf(row).codes.map(
          (code, j) => code + (isStochastic ? roundStochastic(moved[j], uniforms[j]) : roundHalfUp(moved[j])),
        );
        writeRow(row, codes, to);
      }
    },

    countCodes(first, count, out) {
      const { lowest, highest } = servedGrid(bits(), shift());
      const counts = rowList(out, 2);
      for (let row = first; row < first + count; row++) {
        if (!isWritten(row)) continue;
        for (const fine of rowOf(row).codes) {
          const code = servedCode(fine, shift());
          if (code === lowest || code === highest) counts[0]++;
          if (code === 0) counts[1]++;
        }
      }
    },

    countErased(rows, count, change, newSteps, newBiases, out) {
      const { dim } = header;
      const counts = rowList(out, 2);
      for (const [i, row] of rowList(rows, count).entries()) {
        const moves = floats(change + i * dim * 4, dim);
        const moved = offsetsOf(row, moves, newGridOf(row, newSteps, newBiases, i));
        for (let j = 0; j < dim; j++) {
          if (moves[j] === 0) continue;
          counts[0]++;
          if (roundHalfUp(moved[j]) === 0) counts[1]++;
        }
      }
    },
  };
}
