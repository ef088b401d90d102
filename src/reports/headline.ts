// The top of a report: what was compared on what, and in words what the intervals say, no more than that.

import type { Comparison } from './comparison.js';
import { type Block, type Inline, listed } from './content.js';
import { differenceDecimals } from './metric-decimals.js';
import { count, percent, signed } from './numbers.js';
import { present, reportedSplit, type SummaryRow, splitName, summarize } from './summary.js';

export function titleOf({ data, variants }: Comparison): string {
  return `${variants.length} ${variants.length === 1 ? 'variant' : 'variants'} on ${data.dataset}`;
}

export function headline(comparison: Comparison): Block[] {
  const { data, seeds, variants, made, bitrow } = comparison;
  const rows = Object.entries(data.rows).map(([split, n]) => `${count(n)} ${split}`);
  const positives = data.positiveRate === null ? '' : `, ${percent(data.positiveRate)} of them positive`;
  const features = `${count(data.features)} features in ${count(data.fields)} fields`;
  const seedList = seeds.length === 1 ? `seed ${seeds[0]}` : `${seeds.length} seeds (${seeds.join(', ')})`;
  return [
    { kind: 'heading', level: 1, text: titleOf(comparison) },
    {
      kind: 'paragraph',
      text: [
        { strong: data.dataset },
        `: rows ${rows.join(', ')}${positives}; ${features}. Compared with ${seedList}: `,
        ...listed(variants.map(({ name }): Inline => ({ code: name }))),
        `. Made ${made.slice(0, 16).replace('T', ' ')} by bitrow ${bitrow}.`,
      ],
    },
    { kind: 'paragraph', text: verdict(comparison) },
  ];
}

/** One honest sentence of what the table says, and what must be known to read it. */
export function verdict(comparison: Comparison): Inline[] {
  const rows = summarize(comparison);
  const [first, ...others] = rows;
  const split = reportedSplit(comparison);
  const unfinished = present([missing(rows), lost(rows)]);
  if (!first || others.length === 0)
    return ['There is nothing to compare: one variant at most.', ...unfinished];
  const of = (row: SummaryRow) => row.difference?.[split].auc;
  const digits = differenceDecimals(rows, split, 'auc');
  const named = (chosen: readonly SummaryRow[], hasValue: boolean) =>
    listed(chosen.map(({ name }): Inline => ({ code: name }))).flatMap((part): Inline[] => {
      if (typeof part === 'string' || !hasValue) return [part];
      const row = chosen.find(({ name }) => 'code' in part && part.code === name);
      const mean = row && of(row)?.mean;
      return typeof mean === 'number' ? [part, ` (${signed(mean, digits)})`] : [part];
    });
  const same = others.filter(({ distinguishable }) => distinguishable.auc === false);
  const apart = others.filter(({ distinguishable }) => distinguishable.auc === true);
  const better = apart.filter((row) => (of(row)?.mean ?? 0) > 0);
  const worse = apart.filter((row) => !better.includes(row));
  const unknown = others.filter(({ distinguishable }) => distinguishable.auc === null);
  const clauses: Inline[][] = [];
  const reference: Inline = { code: first.name };
  if (same.length > 0) clauses.push([...named(same, false), ' cannot be told apart from ', reference]);
  if (better.length > 0)
    clauses.push([...named(better, true), better.length === 1 ? ' is better' : ' are better']);
  if (worse.length > 0)
    clauses.push([...named(worse, true), worse.length === 1 ? ' is worse' : ' are worse']);
  if (unknown.length > 0) {
    clauses.push([
      ...named(unknown, true),
      unknown.length === 1 ? ' has' : ' have',
      ` fewer than two seeds with ${/^[aeiou]/.test(splitName(comparison, split)) ? 'an' : 'a'} ${splitName(comparison, split)} AUC to compare, and so no interval`,
    ]);
  }
  return [
    `By ${splitName(comparison, split)} AUC, at 90 % and compared to `,
    reference,
    ' seed by seed: ',
    ...clauses.flatMap((clause, i) => (i === 0 ? clause : ['; ', ...clause])),
    '.',
    same.length > 0
      ? ' Not told apart is not equal: the interval says how large a difference these seeds leave open.'
      : '',
    ...unfinished,
  ];
}

function missing(rows: readonly SummaryRow[]): string | null {
  const n = rows.reduce((sum, { cells }) => sum + cells.missing, 0);
  if (n === 0) return null;
  return ` ${count(n)} ${n === 1 ? 'training has' : 'trainings have'} not finished yet: these numbers will change.`;
}

function lost(rows: readonly SummaryRow[]): string | null {
  const n = rows.reduce((sum, { cells }) => sum + cells.diverged + cells.failed, 0);
  if (n === 0) return null;
  return ` ${count(n)} ${n === 1 ? 'training' : 'trainings'} diverged or failed and ${n === 1 ? 'is' : 'are'} in no mean; see below.`;
}
