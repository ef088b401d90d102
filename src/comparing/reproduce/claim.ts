// What the paper concludes from a table, held against the measurement: each conclusion is a difference in AUC of two rows,
// paired by seed. Differences can be set beside the paper's where the AUCs themselves cannot.
import { pairedDifference } from '../../metrics/paired-difference.js';
import type { Variant } from '../../reports/comparison.js';
import { signed } from '../../reports/numbers.js';
import { bySeed, type ComparedSplit } from '../../reports/summary.js';
import { nothing, type PageTable } from './page.js';
import { type PaperDataset, paperNames } from './published.js';

export interface Claim {
  /** As the paper says it. */
  says: string;
  /** Names of what is subtracted from what: `ALPT(SR) − FP`. */
  difference: string;
  ours: Variant | null;
  reference: Variant | null;
  /** The same difference of the published AUCs. */
  published(dataset: PaperDataset): number;
}

/** A row for each claim; the paper's numbers for each of `papers`. */
export function claimTable(
  claims: readonly Claim[],
  papers: readonly PaperDataset[],
  split: ComparedSplit,
): PageTable {
  return {
    corner: 'conclusion of the paper',
    groups: [
      { title: '', columns: ['AUC', 'here (90 % interval)', ...papers.map((name) => paperNames[name])] },
    ],
    rows: claims.map(({ says, difference, ours, reference, published }) => ({
      name: says,
      cells: [
        difference,
        measuredDifference(ours, reference, split),
        ...papers.map((name) => signed(published(name), 4)),
      ],
    })),
  };
}

function measuredDifference(ours: Variant | null, reference: Variant | null, split: ComparedSplit): string {
  if (ours === null || reference === null) return nothing;
  const seeds = ours.cells.map(({ seed }) => seed);
  const auc = (variant: Variant) => bySeed(seeds, variant, (cell) => cell[split]?.auc);
  const { mean, low, high } = pairedDifference(auc(ours), auc(reference));
  if (mean === null) return nothing;
  const interval = low === null || high === null ? 'one seed' : `${signed(low, 5)} to ${signed(high, 5)}`;
  return `${signed(mean, 5)} (${interval})`;
}
