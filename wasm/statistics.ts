// Counts over stored codes, for reports. Specification: src/kernels/reference-rows.ts.
import { unpackCodes } from './codes';
import { dim, highest, isWritten, lowest, record, workCodes } from './table';

/** Adds to out[0] the saturated codes (at either limit) and to out[1] the zero codes of written rows first … first + count − 1. */
export function countCodes(first: u32, count: u32, out: usize): void {
  let saturated: u32 = 0;
  let zero: u32 = 0;
  for (let row = first; row < first + count; row++) {
    if (!isWritten(row)) continue;
    unpackCodes(record(row), workCodes);
    for (let j: u32 = 0; j < dim; j++) {
      const code = load<f32>(workCodes + (j << 2));
      saturated += u32(code == lowest || code == highest);
      zero += u32(code == 0);
    }
  }
  store<u32>(out, load<u32>(out) + saturated);
  store<u32>(out, load<u32>(out, 4) + zero, 4);
}
