import { expect, it } from 'vitest';
import type { Cell, Comparison, Variant } from '../reports/comparison.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { emptyCell } from './cell-record.js';
import { rankVariants } from './ranking.js';

/** Only what a ranking looks at. */
function comparison(aucs: Record<string, (number | null)[]>, seeds = [1, 2, 3]): Comparison {
  const variants = Object.entries(aucs).map(([name, values]) => ({
    name,
    cells: values.flatMap((auc, i): Cell[] => {
      const cell = emptyCell(resolveConfig({ training: { seed: seeds[i] } }));
      return auc === null ? [] : [{ ...cell, status: 'finished', validation: { auc, logloss: 0.5 } }];
    }),
  }));
  return { seeds, variants: variants as Variant[] } as Comparison;
}

it('the best mean comes first, and what is not told apart from it is marked', () => {
  const ranking = rankVariants(
    comparison({
      low: [0.6, 0.61, 0.62],
      best: [0.7, 0.72, 0.74],
      near: [0.71, 0.7, 0.73],
      below: [0.69, 0.71, 0.73],
    }),
  );
  expect(ranking.map(({ name, isTied }) => [name, isTied])).toEqual([
    ['best', false],
    ['near', true],
    // Always the same 0.01 below, and so told apart, though its mean is nearer to the best than the deviations.
    ['below', false],
    ['low', false],
  ]);
  expect(ranking[0].difference).toBeNull();
  expect(ranking[3].difference?.mean).toBeCloseTo(-0.11, 12);
});

it('one seed tells nothing apart, and what has no result stands last', () => {
  const ranking = rankVariants(comparison({ none: [null], low: [0.6], best: [0.7] }, [1]));
  expect(ranking.map(({ name, isTied }) => [name, isTied])).toEqual([
    ['best', false],
    ['low', true],
    ['none', false],
  ]);
});
