// LPT with a step per row that is not learned: after each update it is that of the row's own range, so no value is ever
// clipped and nothing has to be tuned. Symmetric: step = max|value| / q, q = 2^(M−1) − 1. Affine, as FBGEMM trains int8
// tables: step = (max − min) / (2^M − 1) and a bias, the least value. One pass; no optimizer state for the step.
import type { OptionsOf, Zod } from '../options.js';
import { firstStep } from '../quantization/grid.js';
import { rowRanges, storedStep } from '../quantization/row-grid.js';
import { tieredStorage } from './layout.js';
import { lowPrecision } from './lpt.js';
import type { Method, MethodSpec } from './method.js';

const options = (z: Zod) =>
  z.strictObject({
    /** What the codes of a row span: −max|value| … max|value|, or min … max with a bias per row. */
    range: z.enum(rowRanges).default('symmetric'),
  });

/** Low-precision training, each row on the grid of its own range. */
export const lptRow = {
  summary: 'integer rows, each with the step of its own range',
  isQuantized: true,
  hasTiers: true,
  hasRowSteps: true,
  options,
  // The step of LPT: `writeCodes` goes to the range of each row's new values, and leaves a row that does not change.
  create: (settings): Method =>
    lowPrecision(settings, {
      // That step only serves rows without any extent.
      ...tieredStorage(settings, (bits) =>
        storedStep(firstStep(settings.deviation, bits), settings.stepBytes),
      ),
      hasRowStep: true,
      stepBytes: settings.stepBytes,
      range: settings.options.range,
    }),
} satisfies MethodSpec<OptionsOf<typeof options>>;
