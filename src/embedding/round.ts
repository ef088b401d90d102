// Rounding after training, the baseline of every method that trains in few bits: trains as `full`, and what is read of
// it, scored and served, is each row rounded to M bits between its least and its greatest value.
import type { OptionsOf, Zod } from '../options.js';
import { minMaxBytes } from '../posttraining/min-max.js';
import { full } from './full.js';
import type { Method, MethodSpec } from './method.js';

const options = (z: Zod) => z.strictObject({});

/** `full`, rounded row by row afterwards. */
export const round = {
  summary: 'full, its rows rounded after training (row-wise min-max)',
  isQuantized: true,
  rounding: 'deterministic',
  derivedFrom: 'full',
  options,
  create(settings): Method {
    const { dim, bits } = settings;
    const method = full.create(settings);
    return {
      ...method,
      storage: { ...method.storage, view: { kind: 'min-max', bits } },
      servedRowBytes: minMaxBytes(dim, bits),
    };
  },
} satisfies MethodSpec<OptionsOf<typeof options>>;
