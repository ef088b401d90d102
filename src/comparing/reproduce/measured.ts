// What a variant's finished trainings came to, and how the tables write it: as the paper does, 0.8144 (±5e-5) and
// 9 × 9 min.

import { type MeanDeviation, meanDeviation } from '../../metrics/mean-deviation.js';
import type { Variant } from '../../reports/comparison.js';
import { duration } from '../../reports/numbers.js';
import { type ComparedSplit, finishedCells, present } from '../../reports/summary.js';
import { nothing } from './page.js';
import type { PublishedResult, PublishedScore } from './published.js';

export interface Measured {
  auc: MeanDeviation;
  logloss: MeanDeviation;
  /** The median of the best epochs. */
  bestEpoch: number | null;
  secondsPerEpoch: number | null;
}

/** Over the cells that finished. */
export function measure(variant: Variant, split: ComparedSplit): Measured {
  const cells = finishedCells(variant);
  const best = present(cells.map((cell) => cell.bestEpoch)).sort((a, b) => a - b);
  return {
    auc: meanDeviation(present(cells.map((cell) => cell[split]?.auc))),
    logloss: meanDeviation(present(cells.map((cell) => cell[split]?.logloss))),
    bestEpoch: best.length === 0 ? null : best[(best.length - 1) >> 1],
    secondsPerEpoch: meanDeviation(cells.flatMap(({ epochs }) => epochs.map((epoch) => epoch.trainSeconds)))
      .mean,
  };
}

/** Five digits and the deviation between seeds. */
export function scoreText({ mean, deviation }: MeanDeviation): string {
  if (mean === null) return nothing;
  return deviation === null ? mean.toFixed(5) : `${mean.toFixed(5)} (±${short(deviation)})`;
}

/** AUC and logloss with the digits of the paper. */
export function publishedTexts({ auc, logloss }: PublishedScore): [auc: string, logloss: string] {
  return [auc.toFixed(4), logloss.toFixed(5)];
}

/** As in table 1: with deviations, and epochs × time. */
export function publishedResultTexts(result: PublishedResult): string[] {
  const [auc, logloss] = publishedTexts(result);
  const { aucDeviation, loglossDeviation, epochs, minutes } = result;
  return [
    `${auc} (±${short(aucDeviation)})`,
    `${logloss} (±${short(loglossDeviation)})`,
    `${epochs} × ${minutes} min`,
  ];
}

/** `9 × 9 min`: the best epoch and the time of one. */
export function epochsText({ bestEpoch, secondsPerEpoch }: Measured): string {
  if (bestEpoch === null || secondsPerEpoch === null) return nothing;
  return `${bestEpoch} × ${duration(secondsPerEpoch)}`;
}

/** 2e-4, 5.4e-5. */
function short(deviation: number): string {
  return deviation.toExponential(1).replace('.0e', 'e');
}

/** Trainings that did not finish, in words. */
export function failures(variants: readonly Variant[]): string[] {
  return variants.flatMap(({ name, cells }) =>
    cells
      .filter(({ status }) => status !== 'finished')
      .map(({ seed, status, error }) => `${name}, seed ${seed}: ${status}${error ? ` (${error})` : ''}`),
  );
}
