// Specification of the kernels that read and write a table's rows, in terms of quantization/.
import { codeOffset, forwardValue, stepDerivative } from '../quantization/code-update.js';
import { type CodeBits, grid, limit } from '../quantization/grid.js';
import { packCodes, unpackCodes } from '../quantization/packing.js';
import { roundHalfUp, roundStochastic } from '../quantization/rounding.js';
import type { Stream } from '../random/streams.js';
import { FULL_BITS, NO_ROW_STEP, readHeader } from './header.js';
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
  const stepOf = (row: number) =>
    header.stepOffset !== NO_ROW_STEP && isWritten(row)
      ? view.getFloat32(record(row) + header.stepOffset, true)
      : header.tableStep;

  const newStepOf = (row: number, newSteps: number, i: number) =>
    header.stepOffset === NO_ROW_STEP ? stepOf(row) : floats(newSteps + 4 * i, 1)[0];

  function initialCodes(row: number): Float32Array {
    const codes = new Float32Array(header.dim);
    const { lowest, highest } = grid(bits());
    drawInitial(header, offsets, row, codes);
    for (let j = 0; j < codes.length; j++) {
      codes[j] = roundHalfUp(limit(Math.fround(codes[j] / header.tableStep), lowest, highest));
    }
    return codes;
  }

  function codesOf(row: number): Float32Array {
    if (!isWritten(row)) return initialCodes(row);
    const codes = new Float32Array(header.dim);
    unpackCodes(bytes, record(row), bits(), codes);
    return codes;
  }

  return {
    bind() {
      header = readHeader(memory);
      offsets = new Uint32Array(memory.buffer, header.offsets, header.vocabularies + 1);
    },

    touchRows(rows, count) {
      for (const row of rowList(rows, count)) {
        if (isWritten(row)) continue;
        if (isFull()) {
          const values = new Float32Array(header.dim);
          drawInitial(header, offsets, row, values);
          bytes.set(new Uint8Array(values.buffer), record(row));
        } else {
          packCodes(initialCodes(row), bits(), bytes, record(row));
        }
        if (header.stepOffset !== NO_ROW_STEP) {
          view.setFloat32(record(row) + header.stepOffset, header.tableStep, true);
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
          const codes = codesOf(row);
          for (let j = 0; j < dim; j++) out[j] = codes[j] * stepOf(row);
        }
      }
    },

    readSteps(rows, count, steps) {
      const out = floats(steps, count);
      for (const [i, row] of rowList(rows, count).entries()) out[i] = stepOf(row);
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
        const codes = codesOf(row);
        const moves = floats(change + i * dim * 4, dim);
        const out = floats(values + i * dim * 4, dim);
        for (let j = 0; j < dim; j++) out[j] = forwardValue(codes[j], moves[j], stepOf(row), grid(bits()));
      }
    },

    stepGradient(rows, count, change, dValues, scale, dSteps) {
      const { dim } = header;
      const out = floats(dSteps, count);
      for (const [i, row] of rowList(rows, count).entries()) {
        const moves = floats(change + i * dim * 4, dim);
        const upstream = floats(dValues + i * dim * 4, dim);
        const terms = Array.from(codesOf(row), (code, j) =>
          Math.fround(upstream[j] * stepDerivative(code, moves[j], stepOf(row), grid(bits()))),
        );
        out[i] = laneSum(terms) * Math.fround(scale);
      }
    },

    writeCodes(rows, count, change, newSteps, trainingStep, stream, isStochastic) {
      const { dim } = header;
      const uniforms = new Float32Array(dim);
      for (const [i, row] of rowList(rows, count).entries()) {
        const moves = floats(change + i * dim * 4, dim);
        const step = stepOf(row);
        const newStep = newStepOf(row, newSteps, i);
        if (isStochastic) drawUniforms(header, offsets, row, trainingStep, stream as Stream, uniforms);
        const codes = codesOf(row).map((code, j) => {
          const offset = codeOffset(code, moves[j], step, newStep, grid(bits()));
          return code + (isStochastic ? roundStochastic(offset, uniforms[j]) : roundHalfUp(offset));
        });
        packCodes(codes, bits(), bytes, record(row));
        if (header.stepOffset !== NO_ROW_STEP)
          view.setFloat32(record(row) + header.stepOffset, newStep, true);
      }
    },

    countCodes(first, count, out) {
      const { lowest, highest } = grid(bits());
      const counts = rowList(out, 2);
      for (let row = first; row < first + count; row++) {
        if (!isWritten(row)) continue;
        for (const code of codesOf(row)) {
          if (code === lowest || code === highest) counts[0]++;
          if (code === 0) counts[1]++;
        }
      }
    },

    countErased(rows, count, change, newSteps, out) {
      const { dim } = header;
      const counts = rowList(out, 2);
      for (const [i, row] of rowList(rows, count).entries()) {
        const moves = floats(change + i * dim * 4, dim);
        const newStep = newStepOf(row, newSteps, i);
        for (const [j, code] of codesOf(row).entries()) {
          if (moves[j] === 0) continue;
          counts[0]++;
          if (roundHalfUp(codeOffset(code, moves[j], stepOf(row), newStep, grid(bits()))) === 0) counts[1]++;
        }
      }
    },
  };
}
