// Specification of the kernels over magnitudes: the bits of |value|, which order like the values themselves.
import { readHeader } from './header.js';
import { MAGNITUDE_DIGITS, type MagnitudeKernels } from './kernels.js';
import { drawInitial } from './reference-random.js';

/** See `MagnitudeKernels`. `headerAt`: what `bind` was given last. */
export function referenceMagnitudeKernels(
  memory: WebAssembly.Memory,
  headerAt: () => number,
): MagnitudeKernels {
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const table = () => {
    const header = readHeader(memory, headerAt());
    const offsets = new Uint32Array(memory.buffer, header.offsets, header.vocabularies + 1);
    return {
      dim: header.dim,
      recordOf: (row: number) => header.records + (row - header.firstRow) * header.recordBytes,
      byteOf: (row: number) => header.written + ((row - header.firstRow) >> 3),
      bitOf: (row: number) => 1 << ((row - header.firstRow) & 7),
      initial: (row: number) => {
        const values = new Float32Array(header.dim);
        drawInitial(header, offsets, row, values);
        return new Uint32Array(values.buffer);
      },
    };
  };

  return {
    countMagnitudes(first, count, shift, prefix, bins) {
      const { dim, recordOf, byteOf, bitOf, initial } = table();
      const counts = new Uint32Array(memory.buffer, bins, 2 ** MAGNITUDE_DIGITS);
      for (let row = first; row < first + count; row++) {
        const isWritten = (bytes[byteOf(row)] & bitOf(row)) !== 0;
        const values = isWritten
          ? Uint32Array.from({ length: dim }, (_, j) => view.getUint32(recordOf(row) + 4 * j, true))
          : initial(row);
        for (const value of values) {
          const digits = (value & 0x7fffffff) >>> shift;
          if (digits >>> MAGNITUDE_DIGITS === prefix) counts[digits % 2 ** MAGNITUDE_DIGITS]++;
        }
      }
    },

    zeroMagnitudes(first, count, limit) {
      const { dim, recordOf, byteOf, bitOf, initial } = table();
      for (let row = first; row < first + count; row++) {
        if ((bytes[byteOf(row)] & bitOf(row)) === 0) {
          bytes.set(new Uint8Array(initial(row).buffer), recordOf(row));
          bytes[byteOf(row)] |= bitOf(row);
        }
        for (let j = 0; j < dim; j++) {
          const at = recordOf(row) + 4 * j;
          if ((view.getUint32(at, true) & 0x7fffffff) < limit) view.setUint32(at, 0, true);
        }
      }
    },
  };
}
