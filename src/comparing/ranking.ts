// The points of a grid, best first: by the mean validation AUC over seeds. Points whose paired difference to the best
// has 0 within its 90 % interval are not told apart from it.
import { type MeanDeviation, meanDeviation } from '../metrics/mean-deviation.js';
import { type PairedDifference, pairedDifference } from '../metrics/paired-difference.js';
import type { Comparison } from '../reports/comparison.js';
import { bySeed, present } from '../reports/summary.js';

export interface RankedVariant {
  name: string;
  /** Of validation, over seeds. */
  auc: MeanDeviation;
  /** To the best, seed by seed; null for the best. */
  difference: PairedDifference | null;
  /** Whether it is not told apart from the best; the best is not. */
  isTied: boolean;
}

/** All variants; those without a validation AUC stand last, in the order asked for. */
export function rankVariants({ variants, seeds }: Comparison): RankedVariant[] {
  const scored = variants.map((variant) => {
    const aucs = bySeed(seeds, variant, ({ validation }) => validation?.auc);
    return { name: variant.name, aucs, auc: meanDeviation(present(aucs)) };
  });
  scored.sort((a, b) => (b.auc.mean ?? -1) - (a.auc.mean ?? -1));
  const [best] = scored;
  return scored.map(({ name, aucs, auc }) => {
    if (aucs === best.aucs) return { name, auc, difference: null, isTied: false };
    const difference = pairedDifference(aucs, best.aucs);
    const { mean, low, high } = difference;
    const isTied = mean !== null && (low === null || high === null || (low <= 0 && high >= 0));
    return { name, auc, difference, isTied };
  });
}
