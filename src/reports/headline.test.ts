import { describe, expect, it } from 'vitest';
import { syntheticComparison } from '../../test/synthetic-comparison.js';
import type { Comparison } from './comparison.js';
import { verdict } from './headline.js';

const sentence = (comparison: Comparison) =>
  verdict(comparison)
    .map((part) => (typeof part === 'string' ? part : 'code' in part ? part.code : part.strong))
    .join('');

/** Every test AUC of a variant, by hand. */
function withAucs(aucs: Record<string, number[]>): Comparison {
  const comparison = syntheticComparison({ seeds: 3 });
  const variants = comparison.variants
    .filter(({ name }) => name in aucs)
    .map((variant) => ({
      ...variant,
      cells: variant.cells.map((cell, i) => ({
        ...cell,
        test: { auc: aucs[variant.name][i], logloss: 0.4 },
      })),
    }));
  return { ...comparison, variants };
}

describe('verdict', () => {
  it('sorts the variants by what their intervals say', () => {
    const comparison = withAucs({
      full: [0.7, 0.71, 0.72],
      'lpt:8': [0.65, 0.661, 0.671],
      'alpt:8': [0.7001, 0.7099, 0.7201],
      'alpt:4': [0.73, 0.741, 0.75],
    });
    expect(sentence(comparison)).toBe(
      'By test AUC, at 90 % and compared to full seed by seed: alpt:8 cannot be told apart from full; ' +
        'alpt:4 (+0.03033) is better; lpt:8 (−0.04933) is worse.' +
        ' Not told apart is not equal: the interval says how large a difference these seeds leave open.',
    );
  });

  it('claims nothing from one seed', () => {
    const text = sentence(syntheticComparison({ seeds: 1, variants: 2 }));
    expect(text).toContain(') has fewer than two seeds with a test AUC to compare, and so no interval');
    expect(text).not.toContain('told apart');
    expect(sentence(syntheticComparison({ variants: 1 }))).toContain('nothing to compare');
    expect(sentence({ ...syntheticComparison(), variants: [] })).toContain('nothing to compare');
  });

  it('says what is missing, diverged or failed', () => {
    const comparison = syntheticComparison({ hasFailures: true });
    expect(sentence(comparison)).toContain('3 trainings diverged or failed and are in no mean');
    comparison.variants[1].cells.pop();
    expect(sentence(comparison)).toContain('1 training has not finished yet');
  });
});
