// What the paper concludes from a table, held against the measurement. Each conclusion is a difference in AUC between rows,
// paired by seed: differences can be set beside the paper's where the AUCs themselves cannot.
import { pairedDifference } from '../../metrics/paired-difference.js';
import type { Variant } from '../../reports/comparison.js';
import { signed } from '../../reports/numbers.js';
import { bySeed, type ComparedSplit } from '../../reports/summary.js';
import { nothing, type PageTable } from './page.js';
import { type PaperDataset, paperNames } from './published.js';

export interface Claim {
  /** As the paper says it. */
  says: string;
  /** The difference that it is about, in words: `ALPT(SR) − FP`. */
  difference: string;
  expects: Expectation;
  /** AUCs that are added, and those that are subtracted; null where nobody measured one. */
  plus: readonly (Variant | null)[];
  minus: readonly (Variant | null)[];
  /** The same difference of the published AUCs. */
  published(dataset: PaperDataset): number;
}

/** What a conclusion says of the difference. */
export type Expectation = 'higher' | 'lower' | 'not lower' | 'equal';

/** Section 4.1: "an increase of 0.001 in AUC is generally considered as a significant improvement". */
export const significant = 0.001;

/** A row for each claim that was measured, with the paper's numbers of each of `papers`. */
export function claimTable(
  claims: readonly Claim[],
  papers: readonly PaperDataset[],
  split: ComparedSplit,
): PageTable {
  const measured = claims.filter(({ plus, minus }) => [...plus, ...minus].every((part) => part !== null));
  return {
    corner: 'conclusion of the paper',
    groups: [
      {
        title: '',
        columns: ['AUC', 'here (90 % interval)', 'holds here', ...papers.map((name) => paperNames[name])],
      },
    ],
    rows: measured.map((claim) => ({
      name: claim.says,
      cells: [
        claim.difference,
        ...measuredCells(claim, split),
        ...papers.map((name) => signed(claim.published(name), 4)),
      ],
    })),
  };
}

function measuredCells(
  { plus, minus, expects }: Claim,
  split: ComparedSplit,
): [difference: string, holds: string] {
  const seeds = plus[0]?.cells.map(({ seed }) => seed) ?? [];
  const sum = (parts: readonly (Variant | null)[]) =>
    parts
      .map((variant) =>
        variant ? bySeed(seeds, variant, (cell) => cell[split]?.auc) : seeds.map(() => null),
      )
      .reduce((total, aucs) =>
        total.map((value, i) => {
          const other = aucs[i];
          return value === null || other === null ? null : value + other;
        }),
      );
  const { mean, low, high } = pairedDifference(sum(plus), sum(minus));
  if (mean === null) return [nothing, nothing];
  if (low === null || high === null) return [`${signed(mean, 5)} (one seed)`, nothing];
  return [`${signed(mean, 5)} (${signed(low, 5)} to ${signed(high, 5)})`, judged(expects, low, high)];
}

/** Whether an interval bears a conclusion out, contradicts it, or leaves it open. */
export function judged(expects: Expectation, low: number, high: number): 'yes' | 'no' | 'cannot tell' {
  const verdict = (yes: boolean, no: boolean) => (yes ? 'yes' : no ? 'no' : 'cannot tell');
  switch (expects) {
    case 'higher':
      return verdict(low > 0, high <= 0);
    case 'lower':
      return verdict(high < 0, low >= 0);
    case 'not lower':
      return verdict(low > -significant, high < -significant);
    case 'equal':
      return verdict(low > -significant && high < significant, high < -significant || low > significant);
    default:
      return expects satisfies never;
  }
}
