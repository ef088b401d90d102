// Hashing, quotient-remainder (Shi et al. 2020, section 3; ALPT 4.1): the embedding of feature i is Q[⌊i/r⌋] ⊙ R[i mod r],
// so that a table of V rows is one of ⌈V/r⌉ + r, in training as in serving. Nothing is quantized. The features of all
// vocabularies are numbered one after the other, as the code of the ALPT paper's author does, which adds the two rows
// where both papers multiply them: `combine`.
import type { OptionsOf, Zod } from '../options.js';
import { full } from './full.js';
import type { Method, MethodSpec } from './method.js';
import { combinations } from './pairs.js';

const options = (z: Zod) =>
  z.strictObject({
    /** r: the table has about a r-th of the rows. */
    ratio: z.int().min(2).default(2),
    combine: z.enum(combinations).default('product'),
  });

/** fp32 rows, two for each feature. */
export const hashing = {
  summary: 'two 32-bit rows for each feature, shared: a quotient and a remainder',
  isQuantized: false,
  options,
  // The step of `full`: `rows` are the rows of Q and R behind the batch, `gradient` is dE ⊙ R for those of Q, and dE ⊙ Q
  // for those of R, summed over the features that share the row.
  create(settings): Method {
    const method = full.create({ ...settings, options: {} });
    return { ...method, storage: { ...method.storage, lookups: settings.options } };
  },
} satisfies MethodSpec<OptionsOf<typeof options>>;
