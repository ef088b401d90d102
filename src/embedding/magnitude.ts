// Magnitude pruning after training: trains as `full`, and the values that are smallest by magnitude, over the whole
// table and exactly the share `sparsity` of it, are read as zero. What is stored keeps them, and training goes on with
// it in the next epoch.
import type { OptionsOf, Zod } from '../options.js';
import { full } from './full.js';
import type { Method, MethodSpec } from './method.js';
import { findSmallest, shareOf } from './smallest.js';
import { setSmallest, thresholdStorage } from './threshold-view.js';

/** S: the share of all values that is zero. */
export const sparsityOption = (z: Zod) => z.number().min(0).lt(1).default(0.5);

const options = (z: Zod) => z.strictObject({ sparsity: sparsityOption(z) });

/** `full`, its smallest values zero afterwards. */
export const magnitude = {
  summary: 'full, its smallest values set to zero after training',
  isQuantized: false,
  derivedFrom: 'full',
  options,
  create(settings): Method {
    const { dim, options } = settings;
    const method = full.create({ ...settings, options: {} });
    return {
      ...method,
      storage: { ...method.storage, ...thresholdStorage },
      finishEpoch(table) {
        setSmallest(table, findSmallest(table, shareOf(table, options.sparsity)));
      },
      servedRowBytes: sparseRowBytes(dim, options.sparsity),
    };
  },
} satisfies MethodSpec<OptionsOf<typeof options>>;

/** Mean bytes of a row of a pruned table as served, no whole number: a bit for each value, and those not zero in fp32. */
export function sparseRowBytes(dim: number, sparsity: number): number {
  return dim / 8 + 4 * dim * (1 - sparsity);
}
