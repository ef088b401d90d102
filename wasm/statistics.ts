// Counts over stored codes and how they would move, for reports. Specification: src/kernels/reference-rows.ts.
import { unpackCodes } from './codes';
import { bindGrid, rowBias, rowStep, storedBias, storedStep } from './row-grid';
import { roundHalfUp } from './read';
import { dim, fine, highest, isWritten, lowest, origin, record, rowRange, stepOffset, workCodes } from './table';

/** Adds to out[0] the saturated served codes (at either limit) and to out[1] the zero ones of written rows first … first + count − 1. */
export function countCodes(first: u32, count: u32, out: usize): void {
  let saturated: u32 = 0;
  let zero: u32 = 0;
  const least = lowest * fine;
  const most = Mathf.floor(highest * fine);
  for (let row = first; row < first + count; row++) {
    if (!isWritten(row)) continue;
    unpackCodes(record(row), workCodes);
    for (let j: u32 = 0; j < dim; j++) {
      const code = Mathf.floor(load<f32>(workCodes + (j << 2)) * fine);
      saturated += u32(code == least || code == most);
      zero += u32(code == 0);
    }
  }
  store<u32>(out, load<u32>(out) + saturated);
  store<u32>(out, load<u32>(out, 4) + zero, 4);
}

/**
 * Adds to out[0] the non-zero changes (count, D), and to out[1] those of them whose offset to the grid of the new step
 * R_D rounds to 0: the arithmetic of writeCodes, which must not have been called yet.
 */
export function countErased(
  rows: usize, count: u32, change: usize, newSteps: usize, newBiases: usize, out: usize,
): void {
  const hasRowStep = stepOffset != <u32>-1;
  let changes: u32 = 0;
  let erased: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(rows + (i << 2));
    bindGrid(row);
    const newStep = hasRowStep ? storedStep(load<f32>(newSteps + (i << 2))) * fine : rowStep;
    const moved = rowStep - newStep;
    const lifted: f32 = rowRange == 2 ? rowBias - storedBias(load<f32>(newBiases + (i << 2))) : 0;
    unpackCodes(record(row), workCodes);
    for (let j: u32 = 0; j < dim; j++, change += 4) {
      const code = load<f32>(workCodes + (j << 2));
      const offset = (load<f32>(change) + lifted + (code - origin) * moved) / newStep;
      const limited = max<f32>(lowest - code, min<f32>(highest - code, offset));
      const isChange = load<f32>(change) != 0;
      changes += u32(isChange);
      erased += u32(isChange && roundHalfUp(limited) == 0);
    }
  }
  store<u32>(out, load<u32>(out) + changes);
  store<u32>(out, load<u32>(out, 4) + erased, 4);
}
