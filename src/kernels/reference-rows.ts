// Specification of the kernels that read and write a table's rows, in terms of quantization/.
import { codeOffset, forwardValue, stepDerivative } from '../quantization/code-update.js';
import { type CodeBits, type Grid, grid, limit } from '../quantization/grid.js';
import { packCodes, unpackCodes } from '../quantization/packing.js';
import { roundHalfUp, roundStochastic } from '../quantization/rounding.js';
import { gridOfRange, type RowGrid, rowRanges } from '../quantization/row-grid.js';
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
  const bits = () => header.bits as CodeBits;
  const record = (row: number) => header.records + (row - header.firstRow) * header.recordBytes;
  const bitmapByte = (row: number) => header.written + ((row - header.firstRow) >> 3);
  const bitmapBit = (row: number) => 1 << ((row - header.firstRow) & 7);
  const isWritten = (row: number) => (bytes[bitmapByte(row)] & bitmapBit(row)) !== 0;
  const range = () => rowRanges.find((name) => rangeNumbers[name] === header.rowRange);
  /** The code that stands for the bias. */
  const origin = () => (range() === 'affine' ? grid(bits()).lowest : 0);
  /** Codes counted from there lie on this grid. */
  const counted = (): Grid => {
    const { lowest, highest } = grid(bits());
    return { lowest: lowest - origin(), highest: highest - origin() };
  };
  const firstGrid = (): RowGrid => ({ step: header.tableStep, bias: 0 });
  const hasRowStep = () => header.stepOffset !== NO_ROW_STEP;

  function initialRow(row: number): RowGrid & { codes: Float32Array } {
    const values = new Float32Array(header.dim);
    drawInitial(header, offsets, row, values);
    const chosen = range();
    const { step, bias } = chosen ? gridOfRange(chosen, values, bits(), firstGrid()) : firstGrid();
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
      step: hasRowStep() ? view.getFloat32(at, true) : step,
      bias: range() === 'affine' ? view.getFloat32(at + 4, true) : bias,
    };
  }

  function writeRow(row: number, codes: Float32Array, { step, bias }: RowGrid): void {
    packCodes(codes, bits(), bytes, record(row));
    const at = record(row) + header.stepOffset;
    if (hasRowStep()) view.setFloat32(at, step, true);
    if (range() === 'affine') view.setFloat32(at + 4, bias, true);
  }

  /** The row's grid after an update: where it has no step or bias of its own, as it was. */
  function newGridOf(row: number, newSteps: number, newBiases: number, i: number): RowGrid {
    const { step, bias } = rowOf(row);
    return {
      step: hasRowStep() ? floats(newSteps + 4 * i, 1)[0] : step,
      bias: range() === 'affine' ? floats(newBiases + 4 * i, 1)[0] : bias,
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

    touchRows(rows, count) {
      for (const row of rowList(rows, count)) {
        if (isWritten(row)) continue;
        if (isFull()) {
          const values = new Float32Array(header.dim);
          drawInitial(header, offsets, row, values);
          bytes.set(new Uint8Array(values.buffer), record(row));
          if (hasRowStep()) view.setFloat32(record(row) + header.stepOffset, header.tableStep, true);
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

    readSteps(rows, count, steps) {
      const out = floats(steps, count);
      for (const [i, row] of rowList(rows, count).entries()) {
        if (!isFull()) out[i] = rowOf(row).step;
        else if (!hasRowStep() || !isWritten(row)) out[i] = header.tableStep;
        else out[i] = view.getFloat32(record(row) + header.stepOffset, true);
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
        view.setFloat32(record(row) + header.stepOffset, list[i], true);
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
        const to = chosen && isMoved ? gridOfRange(chosen, values, bits(), present) : present;
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
      const { lowest, highest } = grid(bits());
      const counts = rowList(out, 2);
      for (let row = first; row < first + count; row++) {
        if (!isWritten(row)) continue;
        for (const code of rowOf(row).codes) {
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
